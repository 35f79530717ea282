"""What are the segment columns of the scores table called, of what type are they, and what do they mean?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import pyarrow as pa

from serving.segments.rules import column_names


class SegmentColumn(NamedTuple):
    """One column, explained in a sentence."""

    name: str
    type: pa.DataType
    meaning: str


_WORD, _FLAG = pa.string(), pa.bool_()

COLUMNS = (
    SegmentColumn("rfm_recency", pa.int8(), "Score of the days since the last order, the fewest highest."),
    SegmentColumn("rfm_frequency", pa.int8(), "Score of the number of orders."),
    SegmentColumn("rfm_monetary", pa.int8(), "Score of the amount spent; null without amounts."),
    SegmentColumn("rfm_segment", _WORD, "Layer of the three scores; null for who never ordered, and without amounts."),
    SegmentColumn("rfm_segment_zh", _WORD, "The same layer, as Chinese retailers call it."),
    SegmentColumn("lifecycle_stage", _WORD, "How far the customer has come with the shop."),
    SegmentColumn("lifecycle_phase", _WORD, "What the shop has to achieve with the customer next."),
    SegmentColumn("value_tier", _WORD, "Tier of the value predicted within the tiers' horizon."),
    SegmentColumn("segments", pa.list_(_WORD), "Names of the business' own segments that the customer is of."),
)
CROWDS = (
    SegmentColumn(
        "crowd_high_potential_newcomer", _FLAG, "Ordered first a short while ago, and is among the most promising."
    ),
    SegmentColumn("crowd_active_regular", _FLAG, "Orders often, and is unlikely to leave."),
    SegmentColumn(
        "crowd_about_to_lapse", _FLAG, "Ordered repeatedly, is likely to leave or overdue, and not gone yet."
    ),
    SegmentColumn("crowd_due_for_replenishment", _FLAG, "Is due for a reminder of the next order in a category."),
)
PRICE_SENSITIVE = SegmentColumn(
    "crowd_price_sensitive", _FLAG, "Buys at reduced prices; there where price sensitivity is."
)


def segment_columns(own: Iterable[str]) -> tuple[SegmentColumn, ...]:
    """All columns in their order in the table, those of the business' own segments among them."""
    mine = (SegmentColumn(column, _FLAG, f"Is of the segment {name!r}.") for name, column in column_names(own).items())
    return (*COLUMNS, *mine, *CROWDS)
