"""What are the segment columns of the scores table called, of what type are they, and what do they mean?"""

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
    ColumnSpec("rfm_segment", _TEXT, "Layer of the three scores; null for who never ordered, and without amounts."),
    ColumnSpec("rfm_segment_zh", _TEXT, "The same layer, as Chinese retailers call it."),
    ColumnSpec("lifecycle_stage", _TEXT, "How far the customer has come with the shop."),
    ColumnSpec("lifecycle_phase", _TEXT, "What the shop has to achieve with the customer next."),
    ColumnSpec("value_tier", _TEXT, "Tier of the value predicted within the tiers' horizon."),
    ColumnSpec("segments", pa.list_(_TEXT), "Names of the business' own segments that the customer is of."),
)
PRESET_SEGMENT_COLUMNS = (
    ColumnSpec(
        "preset_segment_high_potential_newcomer",
        _FLAG,
        "Ordered first a short while ago, and is among the most promising.",
    ),
    ColumnSpec("preset_segment_active_regular", _FLAG, "Orders often, and is unlikely to leave."),
    ColumnSpec(
        "preset_segment_about_to_lapse", _FLAG, "Ordered repeatedly, is likely to leave or overdue, and not gone yet."
    ),
    ColumnSpec("preset_segment_due_for_replenishment", _FLAG, "Is due for a reminder of the next order in a category."),
)


def segment_columns(business_segments: Iterable[str]) -> tuple[ColumnSpec, ...]:
    """All columns in their order in the table, those of the business' own segments among them."""
    mine = (
        ColumnSpec(column, _FLAG, f"Is of the segment {name!r}.")
        for name, column in column_names(business_segments).items()
    )
    return (*SEGMENT_COLUMNS, *mine, *PRESET_SEGMENT_COLUMNS)
