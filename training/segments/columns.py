"""Segment columns: names, types and meanings of the segment columns in the scores table."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from training.segments.column import ColumnSpec
from training.segments.rules import column_names

_TEXT, _FLAG = pa.string(), pa.bool_()

SEGMENT_COLUMNS = (
    ColumnSpec("rfm_recency", pa.int8(), "Score of the days since the last order, the fewest highest."),
    ColumnSpec("rfm_frequency", pa.int8(), "Score of the number of orders."),
    ColumnSpec("rfm_monetary", pa.int8(), "Score of the amount spent; null without amounts."),
    ColumnSpec("rfm_segment", _TEXT, "Layer of the three scores; null without an order or without amounts."),
    ColumnSpec("rfm_segment_zh", _TEXT, "The same layer in Chinese retail terms."),
    ColumnSpec("lifecycle_stage", _TEXT, "Stage of the customer's lifecycle."),
    ColumnSpec("lifecycle_phase", _TEXT, "What the shop should achieve with the customer next."),
    ColumnSpec("value_tier", _TEXT, "Tier of the value predicted within the tiers' horizon."),
    ColumnSpec("segments", pa.list_(_TEXT), "Names of the business' own segments that contain the customer."),
)
PRESET_SEGMENT_COLUMNS = (
    ColumnSpec(
        "preset_segment_high_potential_newcomer",
        _FLAG,
        "First order a short while ago, and among the newcomers of the highest predicted value.",
    ),
    ColumnSpec("preset_segment_active_regular", _FLAG, "Orders often, and is unlikely to leave."),
    ColumnSpec(
        "preset_segment_about_to_lapse",
        _FLAG,
        "Ordered repeatedly, is likely to leave or overdue, and has not lapsed yet.",
    ),
    ColumnSpec("preset_segment_due_for_replenishment", _FLAG, "Is due for a reminder of the next order in a category."),
)


def segment_columns(business_segments: Iterable[str]) -> tuple[ColumnSpec, ...]:
    """All segment columns in the order of the table, including one per segment of the business."""
    business_columns = (
        ColumnSpec(column, _FLAG, f"Belongs to the segment {name!r}.")
        for name, column in column_names(business_segments).items()
    )
    return (*SEGMENT_COLUMNS, *business_columns, *PRESET_SEGMENT_COLUMNS)
