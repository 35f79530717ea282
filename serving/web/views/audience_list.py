"""View of the section Audiences: segments to start from, and the stored audiences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from serving.api.app_state import AppState
from serving.audiences.audience_service import ExportContext
from serving.audiences.distribution_schema import ColumnResponse, ColumnValue
from serving.audiences.export.audience_list import AudienceSummary
from serving.web.audience_query import audience_url
from serving.web.views.audience_answer import from_high_to_low

PRESET_PREFIX, SEGMENTS, BAND = "preset_segment_", "segments", "churn_band"


@dataclass(frozen=True, kw_only=True)
class SegmentView:
    """A segment to start an audience from: its name is a word of the page, or the shop's own."""

    word_kind: str | None
    name: str
    count: int
    url: str


@dataclass(frozen=True, kw_only=True)
class AudienceListView:
    """View of the stored audiences, the newest first."""

    segments: Sequence[SegmentView]
    audiences: Sequence[AudienceSummary]
    next: str | None


def list_view(app_state: AppState, cursor: str | None, size: int, export: ExportContext) -> AudienceListView:
    """Return the segments with their customers now, and a page of the stored audiences.

    Raises:
        InvalidScores: there are no scores.
        InvalidCursor: the cursor is not one of a page.
    """
    service = app_state.audience_service
    names = {name for name in service.scores.columns().column_types if _is_segment(name)}
    columns = (
        service.columns.describe("marketing", None, names, export.now, is_admin=export.is_admin) if names else None
    )
    page = service.stored_page(cursor, size, export)
    segments = [segment for column in (columns.columns if columns else ()) for segment in _segments_of(column)]
    return AudienceListView(segments=segments, audiences=page.audiences, next=page.next)


def _is_segment(name: str) -> bool:
    return name in {SEGMENTS, BAND} or name.startswith(PRESET_PREFIX)


def _segments_of(column: ColumnResponse) -> list[SegmentView]:
    values = from_high_to_low(column.values or [])
    if column.name.startswith(PRESET_PREFIX):
        name = column.name.removeprefix(PRESET_PREFIX)
        return [_segment("preset_segment", name, column.name, value) for value in values if value.value is True]
    kind = "band" if column.name == BAND else None
    return [_segment(kind, str(value.value), column.name, value) for value in values]


def _segment(word_kind: str | None, name: str, column: str, value: ColumnValue) -> SegmentView:
    url = audience_url({"column": column, "equals": value.value}, name=name)
    return SegmentView(word_kind=word_kind, name=name, count=value.count, url=url)
