"""Monitoring gauges: the newest scorecards and the drift as Prometheus metrics, without an id of anybody."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime

from prometheus_client import Gauge

from serving.schemas.scorecards import DriftResponse, ScorecardResponse

_LABELS = ["question", "horizon_days"]
_KINDS = ("inputs", "scores", "volumes")


class MonitoringGauges:
    """Gauges of what the nightly job found, set by a poll."""

    def __init__(self, gauge: Callable[..., Gauge]) -> None:
        self._alarm = gauge(
            "flywheel_scorecard_alarm",
            "1 if the newest matured predictions of a question are worse than they promise; alert on it.",
            _LABELS,
        )
        self._not_judged = gauge(
            "flywheel_scorecard_not_judged",
            "1 if the newest matured predictions have no verdict, since campaigns ran without a hold-out.",
            _LABELS,
        )
        self._ratio = gauge(
            "flywheel_scorecard_observed_over_expected",
            "Observed over expected of the untreated, of the newest matured predictions of a question.",
            _LABELS,
        )
        self._matured = gauge(
            "flywheel_scorecard_matured_timestamp_seconds",
            "Day on which the newest judged predictions of a question matured, since 1970 UTC.",
            _LABELS,
        )
        self._drift_alarms = gauge("flywheel_drift_alarms", "Alarms of drift at the last look.", ["kind"])
        self._largest_psi = gauge(
            "flywheel_drift_largest_psi", "The largest population stability index; NaN before the first look.", ["kind"]
        )
        self._drift_day = gauge(
            "flywheel_drift_timestamp_seconds", "Day of the last look at drift, since 1970 UTC; NaN before the first."
        )

    def record_scorecards(self, scorecards: Sequence[ScorecardResponse]) -> None:
        """Record the newest scorecard of each question; they come the oldest first."""
        newest = {(card.question, str(card.horizon_days)): card for card in scorecards}
        for labels, card in newest.items():
            self._alarm.labels(*labels).set(card.status == "alarm")
            self._not_judged.labels(*labels).set(card.status == "not_judged")
            self._ratio.labels(*labels).set(_ratio(card))
            self._matured.labels(*labels).set(math.nan if card.matured_on is None else _seconds(card.matured_on))

    def record_drift(self, drift: DriftResponse | None) -> None:
        """Record the last look at the drift; None where there was none."""
        for kind in _KINDS:
            found = [] if drift is None else getattr(drift, kind)
            self._drift_alarms.labels(kind).set(sum(each.alarms for each in found))
        for kind in ("inputs", "scores"):
            indices = [] if drift is None else [each.psi for each in getattr(drift, kind)]
            self._largest_psi.labels(kind).set(max(indices, default=math.nan))
        self._drift_day.set(math.nan if drift is None else _seconds(drift.as_of))


def _ratio(card: ScorecardResponse) -> float:
    """The ratio of the untreated; NaN where it is not judged."""
    untreated = card.populations.get("untreated")
    metric = None if untreated is None else untreated.metrics.get("observed_over_expected")
    return math.nan if card.status == "not_judged" or metric is None or metric.value is None else metric.value


def _seconds(day: date) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
