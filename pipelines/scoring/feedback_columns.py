"""Feedback columns: what a customer wrote in 91 days, by sentiment and topic, for a shop with [feedback]."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.config.shop import ShopConfig
from features.config.text_labels import TOPICS
from features.history import Cutoff
from features.store.definitions import table_path
from features.transformations.feedback import FEEDBACK
from features.views import CUSTOMER_ID, EVENT_TIMESTAMP
from pipelines.home import Home
from training.segments.column import ColumnSpec

FEEDBACK_COLUMNS = (
    ColumnSpec("feedback_91d", pa.int32(), "Texts of the customer in the last 91 days."),
    *(
        ColumnSpec(f"feedback_{sentiment}_91d", pa.int32(), f"Texts in the last 91 days that are {sentiment}.")
        for sentiment in ("negative", "positive")
    ),
    *(
        ColumnSpec(f"feedback_{topic}_91d", pa.int32(), f"Texts in the last 91 days on the topic {topic}.")
        for topic in TOPICS
    ),
)


def feedback_columns(config: ShopConfig, home: Home, cutoff: Cutoff, customers: pa.Array) -> dict[str, pa.Array]:
    """The columns of n customers, 0 for a customer without a text; none for a shop without [feedback]."""
    if config.feedback is None:
        return {}
    names = [column.name for column in FEEDBACK_COLUMNS]
    at_cutoff = [(EVENT_TIMESTAMP, "=", pa.scalar(cutoff.timestamp, pa.timestamp("us", tz="UTC")))]
    path = table_path(home.folder, FEEDBACK.name)
    stored = pq.read_table(path, columns=[CUSTOMER_ID, *names], filters=at_cutoff)
    index = pc.index_in(customers.cast(pa.string()), stored[CUSTOMER_ID].combine_chunks().cast(pa.string()))
    return {name: stored[name].combine_chunks().take(index).fill_null(0).cast(pa.int32()) for name in names}
