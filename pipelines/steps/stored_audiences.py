"""Stored audiences step: lists and deletes the audiences that the service and the command line have stored."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from features.calendar import instant
from pipelines.environment import audience_policy
from pipelines.home import Home
from serving.audience_policy import AudiencePolicy
from serving.audiences.export import member_store
from serving.audiences.export.quota import StoredAudience
from serving.observability.clock import SystemClock


def list_all(home: Home) -> tuple[Sequence[StoredAudience], AudiencePolicy]:
    """Return all stored audiences, the oldest first, and the settings with the quota.

    Raises:
        StoreUnavailable: one of them cannot be read.
    """
    return member_store.list_audiences(home.folder / "audiences"), audience_policy()


def delete_expired(home: Home) -> Sequence[str]:
    """Delete the audiences that are older than FLYWHEEL_AUDIENCE_DAYS; return their ids.

    Raises:
        StoreUnavailable: one of them cannot be read.
    """
    folder = home.folder / "audiences"
    if not folder.is_dir():
        return []
    now = instant(SystemClock().now(ZoneInfo("UTC")))
    return member_store.delete_expired(folder, audience_policy().retention, now)


def delete(home: Home, audience_id: str) -> None:
    """Delete one audience.

    Raises:
        AudienceNotFound: no audience is stored under this id.
    """
    member_store.delete_stored(home.folder / "audiences", audience_id)
