"""Units of an experiment: its decisions, joined with the outcomes that followed and with what was known before."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from features.arrays import Codes, Floats, Integers
from features.calendar import DAY_US, day_number, local_day, micros
from features.history import Cutoff
from pipelines.home import Home
from pipelines.learning.experiments.experiment_decisions import read_decisions
from pipelines.learning.experiments.metric_values import MetricSource, age_days
from training.experiments.record.decision_rows import arm_probabilities
from training.experiments.record.experiment import Experiment, Metric
from training.experiments.record.started_experiment import StartedExperiment
from training.experiments.sequential.maturity import is_mature, matures_at_us
from training.experiments.units import Units

PAST_DAYS = 84  # whose orders and spend are covariates
MAX_SEGMENTS = 100  # the most frequent ones
_QUARTER_HOUR_US = 900_000_000  # no zone begins its day within one


@dataclass(frozen=True)
class UnitSource:
    """The decisions of one experiment and the log that they are joined with."""

    started: StartedExperiment
    decisions: pa.Table
    metrics: MetricSource

    @classmethod
    def open(cls, home: Home, started: StartedExperiment, now: Cutoff, zone: ZoneInfo) -> UnitSource:
        """The decisions before the beginning of a day, and the log that was known then."""
        decisions = read_decisions(home.history, started, micros(now.timestamp))
        return cls(started, decisions, MetricSource(home.history, now, zone))

    @property
    def decided_at_us(self) -> Integers:
        """The instants (n,) of the decisions, ascending."""
        instants: Integers = self.decisions["decided_at_us"].to_numpy()
        return instants

    def matures_on(self) -> date | None:
        """The day of the shop on which the outcomes of all decisions so far count; None without a decision."""
        if not self.decisions.num_rows:
            return None
        outcome = self.started.record.outcome
        last = matures_at_us(self.decided_at_us[-1:], outcome.within_days, self.metrics.lag_us(outcome))
        # The instant lies within a day, and results are made as of the beginning of one.
        return local_day(int(last[0]) + DAY_US - 1, self.metrics.zone)

    def units(self) -> Units:
        """The units with the values of all metrics."""
        record, rows = self.started.record, self.decisions
        metrics = {metric.label: metric for metric in experiment_metrics(record)}
        counts = Counter(segment for segment in rows["segment"].to_pylist() if segment is not None)
        segments = sorted(segment for segment, _ in counts.most_common(MAX_SEGMENTS))
        return Units(
            arms=record.arm_names,
            control=record.control,
            arm=_positions(rows["arm"], record.arm_names),
            probabilities=arm_probabilities(rows["probabilities"], len(record.arms)),
            day=self._local_days(),
            epoch=rows["epoch"].to_numpy().astype(np.int64),
            age_days=age_days(self.decided_at_us, self.metrics.now),
            segment=_positions(rows["segment"], segments),
            segments=tuple(segments),
            covariates=self._covariates(),
            values={label: self._values(metric) for label, metric in metrics.items()},
            delay_days={label: self.metrics.delay_days(metric, rows) for label, metric in metrics.items()},
            customer_ids=tuple(rows["customer_id"].to_pylist()),
            decided_at=self.decided_at_us,
        )

    def _values(self, metric: Metric) -> Floats:
        """The metric (n,); NaN where the window is not over, or rows of it may still arrive."""
        known_until = self.metrics.known_until_us(metric)
        mature = is_mature(self.decided_at_us, metric.within_days, self.metrics.lag_us(metric), known_until)
        return np.where(mature, self.metrics.values(metric, self.decisions), np.nan)

    def _covariates(self) -> Floats:
        """Served orders and spend, and the orders and spend of the past (n, columns)."""
        served = [
            self.decisions[name].to_numpy().astype(np.float64) for name in ("predicted_orders", "predicted_spend")
        ]
        return np.column_stack([*served, *self.metrics.past_sums(self.decisions, PAST_DAYS)])

    def _local_days(self) -> Integers:
        """The local day (n,) of each decision, days since 1970; each quarter of an hour is looked up once."""
        quarters, place = np.unique(self.decided_at_us // _QUARTER_HOUR_US, return_inverse=True)
        days = [day_number(local_day(int(quarter) * _QUARTER_HOUR_US, self.metrics.zone)) for quarter in quarters]
        return np.asarray(days, np.int64)[place] if days else np.empty(0, np.int64)


def experiment_units(home: Home, started: StartedExperiment, now: Cutoff, zone: ZoneInfo | None = None) -> Units:
    """The units of an experiment as of the beginning of a day, in the shop's zone (default: that of the champion).

    One row for each customer, at the first decision; one for each customer and epoch if the experiment is not sticky.

    Raises:
        NotFound: the home has no history.
    """
    return UnitSource.open(home, started, now, zone or home.zone()).units()


def experiment_metrics(record: Experiment) -> tuple[Metric, ...]:
    """The metrics of an experiment and, for spend, the number of orders that is a factor of it."""
    outcome = record.outcome
    factors = (Metric(kind="orders", within_days=outcome.within_days),) if outcome.kind == "spend" else ()
    return (*record.metrics, *factors)


def _positions(column: pa.ChunkedArray, words: tuple[str, ...] | list[str]) -> Codes:
    places = {word: position for position, word in enumerate(words)}
    return np.asarray([places.get(word, -1) for word in column.to_pylist()], np.int8)
