"""Metrics: Prometheus counters, gauges and histograms of requests, predictions, releases and features."""

from __future__ import annotations

import math
from collections import Counter as Counts
from collections.abc import Mapping
from functools import lru_cache, partial

import numpy as np
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, values
from prometheus_client.multiprocess import MultiProcessCollector

from features.plausibility_note import SEVERITIES
from serving.interfaces import ReleasePort
from serving.observability.log_silence import LogSilence
from serving.observability.monitoring_gauges import MonitoringGauges
from serving.schemas.prediction_columns import STATUSES, PredictionColumns
from training.inference.forecast import TIERS

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_DURATION_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_TIERS = (*TIERS, "none")


class Metrics:
    """Metrics of one worker; in Prometheus' multiprocess mode ``render`` adds up those of all workers."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        # prometheus_client decides at its import whether values are shared between processes.
        shared = values.ValueClass is not values.MutexValue
        if shared:
            MultiProcessCollector(self._registry)  # type: ignore[no-untyped-call]
        registry = None if shared else self._registry
        self._requests = Counter(
            "http_requests", "Requests answered.", ["method", "route", "status"], registry=registry
        )
        self._durations = Histogram(
            "http_request_duration_seconds", "Time to answer.", ["route"], buckets=_DURATION_BUCKETS, registry=registry
        )
        self._predictions = Counter(
            "predictions", "Customers answered.", ["model", "version", "status", "tier"], registry=registry
        )
        self._decisions = Counter(
            "flywheel_decisions",
            "Customers asked about for an experiment, by the reason of the answer; drawn is an arm.",
            ["experiment", "reason"],
            registry=registry,
        )
        self._load_failures = Counter("model_load_failures", "Releases rejected.", registry=registry)
        self._turned_away = Counter(
            "connections_turned_away", "Connections closed or refused for others.", ["reason"], registry=registry
        )
        # Of the values that the workers set last, the newest is the one to show.
        gauge = partial(Gauge, registry=registry, multiprocess_mode="mostrecent")
        self._model_info = gauge(
            "model_info",
            "1 for the models that answer.",
            ["model", "version", "release"],
        )
        self._feature_age = gauge(
            "feature_age_seconds",
            "Age of the oldest features in the last response.",
        )
        self._features_available = gauge(
            "features_available",
            "1 if the feature store answered the last read.",
        )
        self._features_available.set(1)
        self._log_until = gauge(
            "flywheel_log_until_timestamp_seconds",
            "Time of the last order line that the features know, since 1970 UTC; NaN before the first publication.",
        )
        self._log_silence = gauge(
            "flywheel_log_silence_days",
            "Whole local days without an order line since then; NaN before the first publication.",
        )
        self._usual_silence = gauge(
            "flywheel_log_usual_silence_days",
            "The longest silence that is usual for the log, whole local days; alert above it.",
        )
        self._disk_short = gauge(
            "flywheel_disk_space_short",
            "1 while the disk of the home has no space for its reserve; alert on it.",
        )
        self._plausibility_notes = gauge(
            "flywheel_plausibility_notes",
            "Notes on the log at the last publication that are not accepted, by severity.",
            ["severity"],
        )
        self.monitoring = MonitoringGauges(gauge)
        self._last_available: bool | None = None
        self._request_counter = lru_cache(maxsize=512)(self._requests.labels)
        self._duration_observer = lru_cache(maxsize=512)(self._durations.labels)
        self._prediction_counter = lru_cache(maxsize=512)(self._predictions.labels)
        self._active_release: ReleasePort | None = None

    def record_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request and its duration."""
        self._request_counter(method if method in _METHODS else "other", route, str(status)).inc()
        self._duration_observer(route).observe(seconds)

    def record_predictions(self, predictions: PredictionColumns) -> None:
        """Count the customers of one response for each of its models, by status and tier."""
        if len(predictions) == 1:
            self._count_predictions(predictions.model_versions, int(predictions.status[0]), int(predictions.tier[0]), 1)
            return
        pairs, counts = np.unique(np.column_stack([predictions.status, predictions.tier]), axis=0, return_counts=True)
        for (status, tier), count in zip(pairs.tolist(), counts.tolist(), strict=True):
            self._count_predictions(predictions.model_versions, status, tier, count)

    def record_unanswered(self, release: ReleasePort, customers: int, status: str) -> None:
        """Count customers that got no prediction."""
        for model, version in release.model_versions.items():
            self._prediction_counter(model, version, status, _TIERS[-1]).inc(customers)

    def record_decisions(self, experiment_id: str, reasons: Mapping[str, int]) -> None:
        """Count the customers of one request for decisions, by reason; those without consent are a count alone."""
        for reason, customers in reasons.items():
            self._decisions.labels(experiment_id, reason).inc(customers)

    def record_feature_read(self, *, available: bool) -> bool:
        """Record whether features could be read; return whether that differs from the last read."""
        changed = available != (self._last_available is not False)
        self._last_available = available
        self._features_available.set(available)
        return changed

    def record_feature_age(self, microseconds: int) -> None:
        """Record the age of the oldest features in a response."""
        self._feature_age.set(microseconds / 1e6)

    def record_log(self, silence: LogSilence | None) -> None:
        """Record the end of the log that the features know, the silence since then, and the notes on the log."""
        self._log_until.set(math.nan if silence is None else silence.publication.log_until / 1e6)
        self._log_silence.set(math.nan if silence is None else silence.days)
        self._usual_silence.set(math.nan if silence is None else silence.publication.usual_silence)
        notes = silence.publication.notes if silence else ()
        noted = Counts(note.severity for note in notes if not note.accepted)
        for severity in SEVERITIES:
            self._plausibility_notes.labels(severity).set(noted[severity])

    def record_disk(self, *, is_short: bool) -> None:
        """Record whether the disk of the home is nearly full."""
        self._disk_short.set(is_short)

    def set_active_release(self, release: ReleasePort) -> None:
        """Record which release answers from now on."""
        if self._active_release is not None:
            self._set_model_info(self._active_release, 0)
        self._set_model_info(release, 1)
        self._active_release = release

    def record_load_failure(self) -> None:
        """Count a release that could not be loaded."""
        self._load_failures.inc()

    def record_turned_away(self, reason: str) -> None:
        """Count a connection that was closed or refused before its request was read."""
        self._turned_away.labels(reason).inc()

    def render(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self._registry)

    def _count_predictions(self, versions: Mapping[str, str], status: int, tier: int, customers: int) -> None:
        for model, version in versions.items():
            self._prediction_counter(model, version, STATUSES[status], _TIERS[tier]).inc(customers)

    def _set_model_info(self, release: ReleasePort, value: int) -> None:
        for model, version in release.model_versions.items():
            self._model_info.labels(model, version, release.version).set(value)
