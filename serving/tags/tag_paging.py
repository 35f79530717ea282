"""Tag paging: the changes of an export, a page at a time after a cursor; erasures between two pages skip nobody."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.calendar import instant
from serving.audiences.audience_service import ExportContext
from serving.audiences.export.cursors import decode_cursor, encode_cursor
from serving.schemas.tags import TagExportResponse
from serving.tags.tag_changes import TagChanges
from serving.tags.tag_export_service import TagExportService
from serving.tags.tag_state import TagState


@dataclass(frozen=True)
class TagPage:
    """A page of changes, in the order of the export."""

    export_id: str
    changes: TagChanges
    next: str | None  # the cursor of the next page; None on the last one


def changes_page(
    service: TagExportService, state: TagState, cursor: str | None, size: int, context: ExportContext, at: int
) -> TagPage:
    """Return the changes of the next ``size`` recipients after a cursor.

    Raises:
        InvalidCursor: the cursor was not issued for this export.
        AuditWriteFailed: the export cannot be audited.
    """
    export_id, secret = state.required_export.export_id, service.audiences.derive_key("cursor")
    after = decode_cursor(export_id, "exclude", cursor, secret)
    rows = np.flatnonzero(state.is_changed & (state.numbers > after))
    page, has_more = rows[:size], len(rows) > size
    following = encode_cursor(export_id, "exclude", int(state.numbers[page[-1]]), secret) if has_more else None
    return TagPage(export_id, service.changes(state, page, context, at), following)


def summary_of(state: TagState) -> TagExportResponse:
    """Return what the newest export of a state changes, without a customer."""
    export, rows = state.required_export, np.flatnonzero(state.is_changed)
    return TagExportResponse(
        export_id=export.export_id,
        destination=export.destination,
        audience_id=export.audience_id,
        begun_at=instant(export.begun_at),
        confirmed=export.confirmed,
        changed=len(rows),
        added=state.additions.take(rows).count(),
        removed=state.removals.take(rows).count(),
    )
