"""Storing of an audience: the expired ones are deleted first, which makes room for it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from serving.audience_policy import AudiencePolicy
from serving.audiences.builder import AudienceResult, ConsentCheck
from serving.audiences.errors import AudienceStorageFull
from serving.audiences.export import member_store


def store_result(
    folder: Path, result: AudienceResult, allowed: ConsentCheck, now: datetime, actor: str, policy: AudiencePolicy
) -> str:
    """Delete the expired audiences, store a new one and return its id; both by the clock of the machine.

    Raises:
        AudienceStorageFull: a quota is used up, or the folder takes no more files.
    """
    try:
        member_store.delete_expired(folder, policy.retention, now)
    except OSError as error:
        raise AudienceStorageFull(
            f"Found no way to write to the folder of audiences ({error.strerror}); expected free space and write "
            "access."
        ) from None
    return member_store.store_audience(folder, result, allowed, now, actor, policy)
