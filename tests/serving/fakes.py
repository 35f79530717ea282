"""Fakes: a small shop in Amsterdam with an in-memory feature store, a constant-rate release and a pinned clock."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from pydantic import SecretStr
from starlette.testclient import TestClient

from features.arrays import Floats
from features.consents.ledger import Ledger
from features.online.backends import LMDB
from features.online.feature_rows import FeatureRows, RaggedList
from features.publication import Publication
from features.views import Column, Kind, View
from serving.api.app_state import AppState
from serving.api.graceful_shutdown import GracefulShutdown
from serving.api.load_shedding import LoadShedder
from serving.app import create_app
from serving.audience_policy import AudiencePolicy
from serving.audiences.audience_service import AudienceService
from serving.auth.api_keys import ApiKeys
from serving.auth.rate_limits import Limits, RateLimits
from serving.auth.sessions import Sessions
from serving.canonical_ids import CanonicalIds
from serving.interfaces import ActiveRelease, FeatureReader, ReleasePort
from serving.moments import parse_datetime, resolve_instant
from serving.observability.audit_log import AuditLog
from serving.observability.clock import PinnedClock
from serving.observability.json_logs import json_log
from serving.observability.metrics import Metrics
from serving.predictions.consent_gate import ConsentGate
from serving.predictions.micro_batching import MicroBatcher
from serving.predictions.prediction_service import PredictionService
from serving.predictions.predictor import Predictor
from serving.releases.publication_loader import PublicationLoader
from serving.releases.release_loader import ReleaseLoader
from serving.segments.segment_lookup import SegmentLookup
from tests.dictionary_storage import in_memory_ledger
from training.inference.categories.forecast import CategoryForecast
from training.inference.explanations.reasons import Reason
from training.inference.forecast import LAST_DAY, Forecast, SpendForecast
from training.inference.release_manifest import ReleaseMetadata
from training.models import EXPLANATIONS

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
DAY = 86_400_000_000


def timestamp_us(text: str) -> int:
    """An instant in microseconds, the shop's wall clock unless it has an offset."""
    return resolve_instant(parse_datetime(text), AMSTERDAM)


SECRET = b"s" * 32
TODAY = timestamp_us("2026-11-21")
SCALARS = ("orders", "first_order_at", "last_order_at", "mean_gap_days", "median_gap_days", "spend")
PUBLICATION = Publication(
    features_at=TODAY,
    log_until=timestamp_us("2026-11-19T17:40:00"),
    last_day=date(2026, 11, 19),
    longest_silence=2,
    usual_silence=3,
    silence_limit=14,
)
VIEWS = (
    View(
        "transactions",
        (*(Column(name, Kind.FLOAT, name) for name in SCALARS), Column("recent_days", Kind.INTEGERS, "recent days")),
    ),
)


@dataclass(frozen=True, kw_only=True)
class KnownCustomer:
    """Known customer: the stored features of one customer."""

    orders: float = 4.0
    first_order_at: float = TODAY - 90 * DAY
    last_order_at: float = TODAY - 21 * DAY
    mean_gap_days: float = 23.0
    median_gap_days: float = 30.0
    spend: float = 1204.5
    recent_days: tuple[float, ...] = (20757.0,)
    features_at: int = TODAY


NO_ORDERS = KnownCustomer(
    orders=0.0,
    first_order_at=np.nan,
    last_order_at=np.nan,
    mean_gap_days=np.nan,
    median_gap_days=np.nan,
    spend=0.0,
    recent_days=(),
)


class FakeFeatureReader:
    """Fake feature reader: a feature store in a dictionary."""

    timeout_seconds: float | None = None

    def __init__(self, **customers: KnownCustomer) -> None:
        self.customers: dict[str, KnownCustomer] = dict(customers)

    def read(self, customer_ids: Sequence[str]) -> FeatureRows:
        return feature_rows(
            {customer_id: self.customers.get(customer_id) for customer_id in customer_ids}, customer_ids
        )


def feature_rows(customers: Mapping[str, KnownCustomer | None], customer_ids: Sequence[str] = ()) -> FeatureRows:
    """Feature rows of these customers; None stands for an unknown customer."""
    customer_ids = customer_ids or tuple(customers)
    rows = [customers[customer_id] for customer_id in customer_ids]
    lists = [row.recent_days if row else () for row in rows]
    return FeatureRows(
        customer_ids=customer_ids,
        known=np.array([row is not None for row in rows], np.bool_),
        features_at=np.array([row.features_at if row else 0 for row in rows], np.int64),
        columns=SCALARS,
        matrix=np.array([[getattr(row, name) if row else np.nan for name in SCALARS] for row in rows], float),
        lists={
            "recent_days": RaggedList(
                offsets=np.cumsum([0, *map(len, lists)]),
                values=np.array([day for days in lists for day in days], float),
            )
        },
    )


METADATA = ReleaseMetadata(
    as_of=TODAY,
    name="little-shop",
    currency="EUR",
    timezone="Europe/Amsterdam",
    churn_days=90,
    ltv_days=(30, 90, 365),
    lead_days=15,
    bands=(0.3, 0.7),
    max_feature_age_days=7,
    feature_service="release_v1",
    has_amounts=True,
)


def constant_rate_forecast(rates: Floats, tier: int = 0, *, amounts: bool = True) -> Forecast:
    """A forecast of Poisson orders with ``rates`` per day, (n,), where each order is worth 50."""
    days = np.array([0.0, 1, 7, 14, 28, 30, 60, 90, 180, 365, LAST_DAY])
    horizons = (30, 90, 365)
    orders = rates[:, None] * np.array(horizons, float)
    mean = 50 * orders
    spend = SpendForecast(mean=mean, median=0.8 * mean, p10=0.1 * mean, p90=2 * mean) if amounts else None
    return Forecast(
        tier=np.full(len(rates), tier, np.int8),
        days=days,
        order_by=-np.expm1(-rates[:, None] * days),
        horizons=horizons,
        expected_orders=orders,
        spend=spend,
    )


def forecast_by_orders(known: FeatureRows, as_of: int) -> Forecast:  # noqa: ARG001
    """A forecast of one order per 100 days for each order that the customer has placed."""
    return constant_rate_forecast(np.where(known.known, known.column("orders"), 1.0) / 100)


def silence_reason(answer: str, days: float | None) -> Reason:
    """The reason of a fake release: the days since the last order."""
    text = {"en": f"Last order {days} days ago", "zh": f"距上次下单 {days} 天"}
    direction = "later" if answer == "next_purchase" else "raises"
    return Reason(answer=answer, code="recency_days", value=days, direction=direction, importance=1.0, text=text)


@dataclass(kw_only=True)
class FakeRelease:
    """Fake release: its forecast is the result of a function."""

    version: str = "7"
    model_versions: dict[str, str] = field(default_factory=lambda: {"churn": "3", "next_purchase": "3", "ltv": "2"})
    metadata: ReleaseMetadata = METADATA
    views: tuple[View, ...] = VIEWS
    cards: Sequence[Mapping[str, Any]] = field(
        default_factory=lambda: [{"name": "churn", "version": "3", "horizon_days": 90}]
    )
    unranked_models: frozenset[str] = frozenset()
    answer: Callable[[FeatureRows, int], Forecast] = forecast_by_orders
    categories: Callable[[FeatureRows, int, Forecast], CategoryForecast | None] | None = None

    def forecast(self, stored: FeatureRows, as_of: int) -> Forecast:
        return self.answer(stored, as_of)

    def by_category(self, stored: FeatureRows, as_of: int, overall: Forecast) -> CategoryForecast | None:
        return None if self.categories is None else self.categories(stored, as_of, overall)

    def reasons(
        self, stored: FeatureRows, as_of: int, answers: Sequence[str] = tuple(EXPLANATIONS)
    ) -> list[list[Reason]]:
        all_days_silent = ((as_of - stored.column("last_order_at")) / DAY).tolist()
        return [
            [silence_reason(answer, None if np.isnan(days_silent) else days_silent) for answer in answers]
            if known
            else []
            for days_silent, known in zip(all_days_silent, stored.known.tolist(), strict=True)
        ]

    def churn_percentile(self, probability: Floats) -> Floats:
        return 100 * probability


_FOLDER = TemporaryDirectory(prefix="flywheel-tests-")
NO_HOME = Path(_FOLDER.name) / "nowhere"  # created only by a test that writes into it


@dataclass
class Shop:
    """Shop: a complete service in this process, and its log."""

    worker: AppState
    log: io.StringIO

    @classmethod
    def of(
        cls,
        release: ReleasePort | None = None,
        features: FeatureReader | None = None,
        *,
        now: str = "2026-11-21T10:30:00",
        keys: Sequence[str] = (),
        max_waiting: int = 100,
        deadline_seconds: float = 5.0,
        access_log: bool = False,
        rate_limit: int = 0,
        quota: int = 0,
        home: Path = NO_HOME,
        publication: Publication | None = PUBLICATION,
        policy: AudiencePolicy | None = None,
        ledger: Ledger | None = None,
    ) -> Shop:
        clock, log, metrics = PinnedClock(parse_datetime(now)), io.StringIO(), Metrics()
        release_loader = ReleaseLoader(NO_HOME, fail_if_loaded, empty_feature_reader, metrics, json_log(clock, log))
        if release is not None:
            release_loader.current = ActiveRelease(release, features or FakeFeatureReader(ann=KnownCustomer()))
            metrics.set_active_release(release)
        publication_loader = PublicationLoader(lambda: None if publication is None else publication.to_bytes())
        publication_loader.poll()
        ledger, audit_log = ledger or in_memory_ledger(), AuditLog(home / "audit.jsonl", SECRET)
        consent_gate = ConsentGate(ledger)
        audience_service = AudienceService(home, ledger, audit_log, lambda: SECRET, policy or AudiencePolicy())
        canonical_ids = CanonicalIds(ledger)
        predictor = Predictor(
            clock, SegmentLookup(audience_service.scores, consent_gate), metrics, json_log(clock, log)
        )
        worker = AppState(
            release_loader=release_loader,
            publication_loader=publication_loader,
            clock=clock,
            api_keys=ApiKeys(map(SecretStr, keys)),
            metrics=metrics,
            log=json_log(clock, log),
            shutdown=GracefulShutdown(drain_seconds=0),
            load_shedder=LoadShedder(max_waiting=max_waiting, deadline_seconds=deadline_seconds),
            prediction_service=PredictionService(
                lambda: release_loader.current,
                lambda: publication_loader.current,
                clock,
                consent_gate,
                predictor,
                MicroBatcher(predictor.predict_batch),
                canonical_ids,
            ),
            audit_log=audit_log,
            audience_service=audience_service,
            home=home,
            online_store=LMDB,
            poll_seconds=60,
            access_log=access_log,
            canonical_ids=canonical_ids,
            allowed_hosts=("testserver",),
            rate_limits=RateLimits(Limits(rate_limit, quota), json_log(clock, log)),
            sessions=Sessions(1.0, SECRET),
            machine_clock=clock,
        )
        return cls(worker, log)

    def client(self) -> TestClient:
        return TestClient(create_app(lambda: self.worker))


def fail_if_loaded(folder: Path) -> ReleasePort:
    raise FileNotFoundError(folder)


def empty_feature_reader(views: tuple[View, ...]) -> FeatureReader:  # noqa: ARG001
    return FakeFeatureReader()
