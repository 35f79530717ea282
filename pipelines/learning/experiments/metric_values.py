"""Metric values: what the customers of decisions did in the window of a metric, joined from the history."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.arrays import Floats, Integers
from features.calendar import DAY_US, day_from_number, micros, start_of_day
from features.canonical_form import canonical_word
from features.history import Cutoff, History
from features.orders import placed_orders
from pipelines.learning.experiments.windows import Windows
from training.experiments.record.experiment import Metric
from training.experiments.sequential.maturity import recording_lag_us

OUTCOMES_FILE = "outcomes.parquet"
LAG_DAYS = 365  # how far back the time of recording is learned from
_OUTCOME_COLUMNS = ("customer_id", "decision_id", "kind", "happened_at_us", "recorded_at_us")


@dataclass(frozen=True)
class MetricSource:
    """The log and the recorded outcomes before a day, from which metrics are counted."""

    folder: Path  # of the history
    now: Cutoff
    zone: ZoneInfo

    @cached_property
    def history(self) -> History:
        """The log before the day."""
        return History.open(self.folder).before(self.now)

    @cached_property
    def observed_until_us(self) -> int:
        """The instant until which orders are known: the day, or the day after the last order line if it is earlier."""
        last = self.history.lines.day_number.max().to_pyarrow().as_py()
        known = 0 if last is None else micros(start_of_day(day_from_number(last + 1), self.zone))
        return min(micros(self.now.timestamp), known)

    @cached_property
    def order_lag_us(self) -> int:
        """The time within which 99 % of the order lines are recorded, in microseconds."""
        lines = self.history.lines
        if "recorded_at" not in lines.columns:
            return 0
        since = micros(self.now.timestamp) - LAG_DAYS * DAY_US
        recent = lines.filter(lines.at_us >= since).select("at_us", known_us=lines.known_at.epoch_seconds() * 1_000_000)
        table = recent.to_pyarrow()
        return recording_lag_us(table["at_us"].to_numpy(), table["known_us"].to_numpy())

    def lag_us(self, metric: Metric) -> int:
        """The time within which 99 % of a metric's rows are recorded, in microseconds."""
        if metric.kind != "event":
            return self.order_lag_us
        rows = self._outcomes(metric)
        return recording_lag_us(rows["happened_at_us"].to_numpy(), rows["recorded_at_us"].to_numpy())

    def known_until_us(self, metric: Metric) -> int:
        """The instant until which the rows of a metric are known, if all were recorded at once."""
        return micros(self.now.timestamp) if metric.kind == "event" else self.observed_until_us

    def values(self, metric: Metric, decisions: pa.Table) -> Floats:
        """The metric (n,) of each decision, with what is known so far: came or not, orders, net amount, or happened.

        Spend includes returns, as they are booked. It is 0 in a log without amounts.
        """
        windows = Windows.of(decisions, 0, metric.within_days)
        if metric.kind == "spend":
            return windows.sums(self.history.lines, "amount") if self.history.has_amounts else np.zeros(windows.count)
        counts = windows.sums(self._conversions(metric, decisions))
        return counts if metric.kind == "orders" else np.minimum(counts, 1.0)

    def delay_days(self, metric: Metric, decisions: pa.Table) -> Floats:
        """The days (n,) until the first order or event in the window; infinite without one."""
        return Windows.of(decisions, 0, metric.within_days).first_days(self._conversions(metric, decisions))

    def past_sums(self, decisions: pa.Table, days: int) -> list[Floats]:
        """The orders and, where logged, the net amount (n,) in the days before each decision."""
        windows = Windows.of(decisions, -days, 0)
        sums = [windows.sums(self._orders)]
        return [*sums, windows.sums(self.history.lines, "amount")] if self.history.has_amounts else sums

    @cached_property
    def _orders(self) -> ir.Table:
        return placed_orders(self.history).select("customer_id", "at_us")

    def _conversions(self, metric: Metric, decisions: pa.Table) -> ir.Table:
        """The placed orders; for an event the recorded outcomes of its kind and the events of the log."""
        if metric.kind != "event":
            return self._orders
        outcomes = self._outcomes(metric)
        ours = pc.or_kleene(
            pc.is_null(outcomes["decision_id"]),
            pc.is_in(outcomes["decision_id"], decisions["decision_id"].combine_chunks()),
        )
        rows = ibis.memtable(outcomes.filter(ours).select(["customer_id", "happened_at_us"]))
        happened = rows.select("customer_id", at_us=rows.happened_at_us)
        events = self.history.events
        if events is None:
            return happened
        logged = events.filter(events.kind == canonical_word(metric.name or ""))
        return happened.union(logged.select("customer_id", at_us=logged.at_us.cast("int64")))

    def _outcomes(self, metric: Metric) -> pa.Table:
        path, before = self.folder / OUTCOMES_FILE, micros(self.now.timestamp)
        if not path.is_file():
            types = {"happened_at_us": pa.int64(), "recorded_at_us": pa.int64()}
            return pa.schema([(name, types.get(name, pa.string())) for name in _OUTCOME_COLUMNS]).empty_table()
        kind = ("kind", "==", canonical_word(metric.name or ""))
        known = [kind, ("happened_at_us", "<", before), ("recorded_at_us", "<", before)]
        return pq.read_table(path, columns=list(_OUTCOME_COLUMNS), filters=known)


def age_days(decided_at_us: Integers, now: Cutoff) -> Floats:
    """The days (n,) from each decision to the beginning of a day."""
    ages: Floats = (micros(now.timestamp) - decided_at_us) / DAY_US
    return ages
