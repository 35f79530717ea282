"""How is the service doing? A handful of Prometheus metrics, cheap enough to count every request."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, values
from prometheus_client.multiprocess import MultiProcessCollector

from serving.interfaces import Release
from serving.schemas.prediction_columns import STATUSES, Answers
from training.inference.forecast import TIERS

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_TIERS = (*TIERS, "none")


class Metrics:
    """What one worker counts; where several share a folder of counts, the page shows their sum."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        # The client decides once, when it is imported, whether its counts are shared between processes.
        shared = values.ValueClass is not values.MutexValue
        if shared:
            MultiProcessCollector(self._registry)  # type: ignore[no-untyped-call]
        to = None if shared else self._registry
        self._requests = Counter("http_requests", "Requests answered.", ["method", "route", "status"], registry=to)
        self._seconds = Histogram(
            "http_request_duration_seconds", "Time to answer.", ["route"], buckets=_SECONDS, registry=to
        )
        self._predictions = Counter(
            "predictions", "Customers answered.", ["model", "version", "status", "tier"], registry=to
        )
        self._failures = Counter("model_load_failures", "Releases refused.", registry=to)
        self._models = Gauge(
            "model_info",
            "1 for the models that answer.",
            ["model", "version", "release"],
            registry=to,
            multiprocess_mode="mostrecent",
        )
        self._age = Gauge(
            "feature_age_seconds",
            "Age of the oldest features last answered from.",
            registry=to,
            multiprocess_mode="mostrecent",
        )
        self._readable = Gauge(
            "features_available",
            "1 while the feature store answers, as it was last seen.",
            registry=to,
            multiprocess_mode="mostrecent",
        )
        self._readable.set(1)
        self._available: bool | None = None
        self._count = lru_cache(maxsize=512)(self._requests.labels)
        self._time = lru_cache(maxsize=512)(self._seconds.labels)
        self._answer = lru_cache(maxsize=512)(self._predictions.labels)
        self._serving: Release | None = None

    def requested(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        self._count(method if method in _METHODS else "other", route, str(status)).inc()
        self._time(route).observe(seconds)

    def answered(self, answers: Answers) -> None:
        """Count the customers of one answer, for each of its models, by status and tier."""
        if len(answers) == 1:
            self._predicted(answers.model_versions, int(answers.status[0]), int(answers.tier[0]), 1)
            return
        pairs, counts = np.unique(np.column_stack([answers.status, answers.tier]), axis=0, return_counts=True)
        for (status, tier), count in zip(pairs.tolist(), counts.tolist(), strict=True):
            self._predicted(answers.model_versions, status, tier, count)

    def unanswered(self, release: Release, customers: int, status: str) -> None:
        """Count customers of whom nothing could be said."""
        for model, version in release.model_versions.items():
            self._answer(model, version, status, _TIERS[-1]).inc(customers)

    def reads(self, *, available: bool) -> bool:
        """Note whether features could be read; whether that is news."""
        news = available != (self._available is not False)
        self._available = available
        self._readable.set(available)
        return news

    def aged(self, microseconds: int) -> None:
        """Note how old the features were."""
        self._age.set(microseconds / 1e6)

    def serving(self, release: Release) -> None:
        """Note which release answers from now on."""
        if self._serving is not None:
            self._show(self._serving, 0)
        self._show(release, 1)
        self._serving = release

    def refused(self) -> None:
        """Count a release that could not be loaded."""
        self._failures.inc()

    def page(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self._registry)

    def _predicted(self, versions: Mapping[str, str], status: int, tier: int, customers: int) -> None:
        for model, version in versions.items():
            self._answer(model, version, STATUSES[status], _TIERS[tier]).inc(customers)

    def _show(self, release: Release, value: int) -> None:
        for model, version in release.model_versions.items():
            self._models.labels(model, version, release.version).set(value)
