"""Acquisition sources: the costs of a home by source and day, and the source that each customer is attributed to.

The source of a customer is the channel of the first touch in the 30 days before the first order that has costs; else
the channel of the first order, if it has costs; else none. It is first-touch attribution: a convention, no cause.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.arrays import Integers
from features.calendar import DAY_US
from features.canonical_form import canonical_word
from pipelines.learning.growth.customer_log import CustomerLog
from pipelines.run_context import RunContext
from training.attribution.credits.conversion_paths import LOOKBACK_DAYS
from training.attribution.log.history_tables import DAY_COLUMN, floats, integers
from training.growth.growth_log import AMOUNT_UNITS
from training.growth.new_customers import Acquisition


def read_acquisition(context: RunContext, customers: CustomerLog) -> Acquisition | None:
    """The costs before the day of the run, and the source of each customer; None where no costs were ingested."""
    path = context.home.history / "costs.parquet"
    if not path.is_file():
        return None
    costs = pq.read_table(path, columns=["source", "amount", DAY_COLUMN], filters=[(DAY_COLUMN, "<", _today(context))])
    words = [canonical_word(source or "") for source in costs["source"].to_pylist()]
    sources = tuple(sorted({*words}))
    position = {word: number for number, word in enumerate(sources)}
    return Acquisition(
        sources=sources,
        source=_source_of_customers(context, customers, sources),
        cost_source=np.array([position[word] for word in words], np.int64),
        cost_day=integers(costs[DAY_COLUMN]),
        cost=np.rint(floats(costs["amount"]) * AMOUNT_UNITS).astype(np.int64),
    )


def _today(context: RunContext) -> int:
    return context.now.day_number


def _source_of_customers(context: RunContext, customers: CustomerLog, sources: tuple[str, ...]) -> Integers:
    """The position of the source of each customer, (n,), -1 for another one."""
    source = _positions(customers.first_channel, sources)
    touches = context.history.touches
    if touches is None or "channel" not in touches.columns:
        return source
    sent = touches.filter(touches.treated.fill_null(True)) if "treated" in touches.columns else touches  # noqa: FBT003
    rows = sent.select("customer_id", "at_us", "channel").order_by("at_us").to_pyarrow()
    customer = pc.fill_null(pc.index_in(rows["customer_id"], value_set=customers.customer_ids), -1).to_numpy()
    touched, at = _positions(rows["channel"], sources), integers(rows["at_us"])
    first_order = customers.first_order_at[customer]
    counts = (customer >= 0) & (touched >= 0) & (at < first_order) & (at >= first_order - LOOKBACK_DAYS * DAY_US)
    newest_first = np.flatnonzero(counts)[::-1]
    source[customer[newest_first]] = touched[newest_first]  # the first touch is assigned last
    return source


def _positions(channels: pa.Array | pa.ChunkedArray, sources: tuple[str, ...]) -> Integers:
    found = pc.index_in(channels.cast(pa.string()), value_set=pa.array(sources, pa.string()))
    return np.array(integers(pc.fill_null(found, -1)))
