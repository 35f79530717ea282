"""Quota: how many audiences, and how many bytes of them, a home and one of its keys may store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from serving.audience_policy import AudiencePolicy
from serving.audiences.errors import AudienceStorageFull

_REMEDY = (
    "Delete one that is done with: DELETE /v1/audiences/{id}, or `flywheel audience --list` and `flywheel audience "
    '--delete ID`. Or count without storing: "keep": false.'
)


@dataclass(frozen=True)
class StoredAudience:
    """What one stored audience takes, and whose it is."""

    audience_id: str
    created_at: datetime
    created_by: str | None  # the actor; None for one of an earlier version
    count: int | None
    nbytes: int


def check_quota(stored: Sequence[StoredAudience], actor: str, nbytes: int, policy: AudiencePolicy) -> None:
    """Check that an actor may store an audience of so many bytes; no actor may take more than half of the home's quota.

    Raises:
        AudienceStorageFull: the quota of the home or of the actor is used up.
    """
    own = [audience for audience in stored if audience.created_by == actor]
    for audiences, share, owner in ((own, 2, "this key"), (stored, 1, "this home")):
        max_count, max_bytes = policy.max_audiences // share, policy.max_audience_bytes // share
        if len(audiences) >= max_count:
            raise AudienceStorageFull(
                f"Found {len(audiences):,} stored audiences of {owner}; expected at most {max_count:,}. {_REMEDY}"
            )
        used = sum(audience.nbytes for audience in audiences)
        if used + nbytes > max_bytes:
            raise AudienceStorageFull(
                f"Found {(used + nbytes) / 1e6:,.1f} MB of stored audiences of {owner} with this one; expected at most "
                f"{max_bytes / 1e6:,.1f} MB. {_REMEDY}"
            )
