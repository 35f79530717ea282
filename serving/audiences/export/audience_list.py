"""Audience list: the stored audiences, the newest first, with when their members were last exported."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import Field

from features.calendar import instant, micros
from features.storage.file_identity import identity_of
from serving.audiences.errors import InvalidCursor
from serving.audiences.export.audience_folder import audience_ids
from serving.audiences.export.member_store import METADATA_FILE, parse_metadata_once
from serving.audiences.export.metadata import AudienceMetadata
from serving.audiences.schema import Holdout
from serving.schemas.base import StrictModel

EXPORTED_FILE = "exported"  # empty; its time of change is that of the last export
_CURSOR = re.compile(r"(\d{1,19})-([A-Za-z0-9_-]{22})", re.ASCII)
_Position = tuple[int, str]  # microseconds since 1970 UTC of the creation, and the id


class AudienceSummary(StrictModel):
    """One stored audience."""

    audience_id: str
    name: str | None
    created_at: datetime = Field(description="By the clock of the machine.")
    created_by: str | None
    expires_at: datetime = Field(description="When it may be deleted.")
    exported_at: datetime | None = Field(description="When members were last read, as a page or a file.")
    purpose: str
    channel: str | None
    count: int | None = Field(description="Members at creation; null for a key that may not see so small an audience.")
    holdout_count: int | None
    holdout: Holdout | None


_SHARED_FIELDS = AudienceSummary.model_fields.keys() & AudienceMetadata.model_fields.keys()


class AudiencesResponse(StrictModel):
    """A page of the stored audiences, the newest first."""

    audiences: list[AudienceSummary]
    next: str | None = Field(description="The cursor of the next page; null on the last one.")


def mark_exported(folder: Path, audience_id: str, now: int) -> None:
    """Record the instant of an export, microseconds since 1970 UTC; an export does not fail for a full disk."""
    path = folder / audience_id / EXPORTED_FILE
    with suppress(OSError):
        path.touch()
        os.utime(path, ns=(now * 1000, now * 1000))


def list_page(
    folder: Path, retention: timedelta, now: datetime, cursor: str | None, size: int, smallest: int
) -> AudiencesResponse:
    """Return a page of the audiences that have not expired.

    Args:
        folder: the folder of all audiences.
        retention: the age at which an audience expires.
        now: the instant, by the clock of the machine.
        cursor: ``next`` of the page before; None for the first page.
        size: audiences of a page.
        smallest: an audience of fewer members is listed without counts.

    Raises:
        InvalidCursor: the cursor is not one of a page.
    """
    before = _parse_cursor(cursor)
    current = [metadata for metadata in _metadata_of_all(folder) if metadata.created_at + retention > now]
    newest_first = sorted(current, key=_position, reverse=True)
    following = [metadata for metadata in newest_first if before is None or _position(metadata) < before]
    page = following[:size]
    has_more = len(following) > size
    return AudiencesResponse(
        audiences=[_summary(folder, metadata.suppressed_below(smallest), retention) for metadata in page],
        next="{}-{}".format(*_position(page[-1])) if has_more else None,
    )


def _metadata_of_all(folder: Path) -> list[AudienceMetadata]:
    """Return the metadata of all audiences that can be read; a damaged one is left to who opens it."""
    stored = []
    for audience_id in audience_ids(folder) if folder.is_dir() else []:
        path = folder / audience_id
        with suppress(ValueError, OSError):
            stored.append(parse_metadata_once(path, identity_of((path / METADATA_FILE).stat())))
    return stored


def _summary(folder: Path, metadata: AudienceMetadata, retention: timedelta) -> AudienceSummary:
    return AudienceSummary(
        **{name: getattr(metadata, name) for name in _SHARED_FIELDS},
        expires_at=metadata.created_at + retention,
        exported_at=_exported_at(folder / metadata.audience_id / EXPORTED_FILE),
    )


def _exported_at(path: Path) -> datetime | None:
    try:
        return instant(path.stat().st_mtime_ns // 1000)
    except OSError:
        return None


def _position(metadata: AudienceMetadata) -> _Position:
    return micros(metadata.created_at), metadata.audience_id


def _parse_cursor(cursor: str | None) -> _Position | None:
    if cursor is None:
        return None
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        raise InvalidCursor(
            "Found a cursor that no list of audiences gave out; expected `next` of the page before, unchanged. Leave "
            "it out to begin with the newest audience."
        )
    return int(match[1]), match[2]
