"""Baselines: mean and variance of a metric among some customers, over the last window of the log that is over."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.arrays import Floats
from features.calendar import DAY_US
from features.canonical_form import canonical_word
from features.errors import StoreDamaged
from features.placed_orders import placed_orders
from training.experiments.estimators.power import Baseline
from training.experiments.record.experiment import Metric

ORDERS_FILE, OUTCOMES_FILE = "orders.parquet", "outcomes.parquet"
NO_WINDOW, NO_AMOUNTS, NO_EVENTS = (
    "the log has no order line in such a window",
    "the log has no amounts",
    "no outcome of this kind is recorded yet",
)


class NoBaseline(Exception):
    """The log does not say what the metric usually is."""


def metric_baseline(history: Path, metric: Metric, customer_ids: pa.StringArray, log_until: int) -> Baseline:
    """The baseline of a metric, for customers who did nothing too.

    Args:
        history: the folder of the history.
        metric: what is measured within a number of days.
        customer_ids: (n,) those who may take part.
        log_until: the end of the log, microseconds since 1970 UTC; the window ends there.

    Raises:
        NoBaseline: the history has no such rows.
        StoreDamaged: a table of the history cannot be read.
    """
    since = log_until - metric.within_days * DAY_US
    try:
        values = _values(history, metric, customer_ids, since, log_until)
    except (pa.ArrowException, OSError) as error:
        raise StoreDamaged(
            f"Found a damaged table in {history} ({error}); expected what `flywheel ingest` wrote. Run it again."
        ) from None
    n = len(customer_ids)
    mean = float(values.sum()) / n
    return Baseline(mean=mean, variance=max(float((values**2).sum()) / n - mean**2, 0.0))


def with_mean(past: Baseline, mean: float) -> Baseline:
    """The baseline at a mean that is predicted: the variance goes with the mean, as in a compound Poisson process.

    Customers are often chosen by what they did lately, so that their past is not what they will do.
    """
    ratio = mean / past.mean if past.mean > 0 else 1.0
    return Baseline(mean=mean, variance=past.variance * ratio, variance_left=past.variance_left)


def _values(history: Path, metric: Metric, customer_ids: pa.StringArray, since: int, until: int) -> Floats:
    """The values of the customers who did something, in any order."""
    if metric.kind == "event":
        return np.minimum(_event_counts(history, metric, customer_ids, since, until), 1.0)
    lines = _order_lines(history / ORDERS_FILE, customer_ids, since, until)
    if metric.kind == "spend":
        if "amount" not in lines.column_names:
            raise NoBaseline(NO_AMOUNTS)
        return _sums(lines.group_by("customer_id").aggregate([("amount", "sum")])["amount_sum"])
    counts = _order_counts(lines)
    return np.minimum(counts, 1.0) if metric.kind == "order" else counts


def _order_lines(path: Path, customer_ids: pa.StringArray, since: int, until: int) -> pa.Table:
    if not path.is_file():
        raise NoBaseline(NO_WINDOW)
    present = pq.read_schema(path).names
    names = [name for name in ("customer_id", "order_id", "day_number", "amount") if name in present]
    lines = pq.read_table(path, columns=names, filters=[("at_us", ">=", since), ("at_us", "<", until)])
    if not len(lines):
        raise NoBaseline(NO_WINDOW)
    lines = lines.filter(pc.is_in(lines["customer_id"], value_set=customer_ids))
    if "amount" in present:
        lines = lines.set_column(lines.column_names.index("amount"), "amount", lines["amount"].cast(pa.float64()))
    return lines


def _order_counts(lines: pa.Table) -> Floats:
    """The number of orders of each customer who has any; an order that was sent back in full is none."""
    orders = placed_orders(lines)
    return _sums(orders.group_by("customer_id").aggregate([([], "count_all")])["count_all"])


def _event_counts(history: Path, metric: Metric, customer_ids: pa.StringArray, since: int, until: int) -> Floats:
    path = history / OUTCOMES_FILE
    if not path.is_file():
        raise NoBaseline(NO_EVENTS)
    window = [("happened_at_us", ">=", since), ("happened_at_us", "<", until)]
    kind = ("kind", "==", canonical_word(metric.name or ""))
    rows = pq.read_table(path, columns=["customer_id"], filters=[kind, *window])
    if not len(rows):
        raise NoBaseline(NO_EVENTS)
    rows = rows.filter(pc.is_in(rows["customer_id"], value_set=customer_ids))
    return _sums(rows.group_by("customer_id").aggregate([([], "count_all")])["count_all"])


def _sums(column: pa.ChunkedArray) -> Floats:
    values: Floats = np.nan_to_num(column.to_numpy().astype(np.float64))
    return values
