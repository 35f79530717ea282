"""What are the segment columns of the scores table called, of what type are they, and what do they mean?"""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from training.segments.column import Column
from training.segments.rules import column_names

_WORD, _FLAG = pa.string(), pa.bool_()

COLUMNS = (
    Column("rfm_recency", pa.int8(), "Score of the days since the last order, the fewest highest."),
    Column("rfm_frequency", pa.int8(), "Score of the number of orders."),
    Column("rfm_monetary", pa.int8(), "Score of the amount spent; null without amounts."),
    Column("rfm_segment", _WORD, "Layer of the three scores; null for who never ordered, and without amounts."),
    Column("rfm_segment_zh", _WORD, "The same layer, as Chinese retailers call it."),
    Column("lifecycle_stage", _WORD, "How far the customer has come with the shop."),
    Column("lifecycle_phase", _WORD, "What the shop has to achieve with the customer next."),
    Column("value_tier", _WORD, "Tier of the value predicted within the tiers' horizon."),
    Column("segments", pa.list_(_WORD), "Names of the business' own segments that the customer is of."),
)
CROWDS = (
    Column("crowd_high_potential_newcomer", _FLAG, "Ordered first a short while ago, and is among the most promising."),
    Column("crowd_active_regular", _FLAG, "Orders often, and is unlikely to leave."),
    Column("crowd_about_to_lapse", _FLAG, "Ordered repeatedly, is likely to leave or overdue, and not gone yet."),
    Column("crowd_due_for_replenishment", _FLAG, "Is due for a reminder of the next order in a category."),
)


def segment_columns(own: Iterable[str]) -> tuple[Column, ...]:
    """All columns in their order in the table, those of the business' own segments among them."""
    mine = (Column(column, _FLAG, f"Is of the segment {name!r}.") for name, column in column_names(own).items())
    return (*COLUMNS, *mine, *CROWDS)
