"""Application state (composition root): creates and connects the objects that requests use, once per worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from structlog.typing import FilteringBoundLogger

from features.calendar import local_day
from features.consents.backends import open_ledger
from features.decisions.backends import open_decisions
from features.decisions.decision_log import DecisionLog
from features.ingestion.lines_by_customer import LinesByCustomer
from features.online.backends import open_store, resolve_location
from features.storage.disk_reserve import RESERVE_BYTES, SPACE_SHORT, DiskReserve
from features.storage.secret import load_secret
from serving.api.graceful_shutdown import GracefulShutdown
from serving.api.load_shedding import LoadShedder
from serving.audiences.audience_service import AudienceService
from serving.auth.api_keys import ApiKeys
from serving.auth.authentication import Authenticator
from serving.auth.failed_attempts import FailedAttempts
from serving.auth.key_reload import KeyReloader
from serving.auth.key_store import KeyStore
from serving.auth.rate_limits import Limits, RateLimits
from serving.auth.sessions import Sessions
from serving.canonical_ids import CanonicalIds
from serving.experiments.services import ExperimentServices
from serving.growth.growth_loader import GrowthLoader
from serving.observability.audit_counter import AuditCounter
from serving.observability.audit_log import AuditLog
from serving.observability.clock import Clock, SystemClock, make_clock
from serving.observability.json_logs import json_log
from serving.observability.log_silence import LogSilence
from serving.observability.metrics import Metrics
from serving.observability.monitoring_loader import MonitoringLoader
from serving.observability.recent_acts import RecentActsReader
from serving.predictions.consent_gate import ConsentGate
from serving.predictions.micro_batching import MicroBatcher
from serving.predictions.prediction_service import PredictionService
from serving.predictions.predictor import Predictor
from serving.releases.polling import poll_forever
from serving.releases.publication_loader import PublicationLoader
from serving.releases.release_loader import ReleaseLoader
from serving.segments.segment_lookup import SegmentLookup
from serving.settings import Settings
from serving.tags.tag_export_service import TagExportService
from training.attribution.attribution_service import AttributionService
from training.models import load_release

MAX_ATTRIBUTION_ROWS = 2_000_000  # order lines and touches that a worker reads for one report: about 600 MB


@dataclass(frozen=True, kw_only=True)
class AppState:
    """Application state of one worker."""

    release_loader: ReleaseLoader
    publication_loader: PublicationLoader
    clock: Clock
    api_keys: ApiKeys
    metrics: Metrics
    log: FilteringBoundLogger
    shutdown: GracefulShutdown
    load_shedder: LoadShedder
    prediction_service: PredictionService
    audit_log: AuditLog
    audience_service: AudienceService
    home: Path
    online_store: str
    poll_seconds: float
    reserve_bytes: int = RESERVE_BYTES
    access_log: bool
    canonical_ids: CanonicalIds
    rate_limits: RateLimits
    sessions: Sessions
    failed_attempts: FailedAttempts = field(default_factory=FailedAttempts)
    allowed_hosts: tuple[str, ...] = ()
    machine_clock: Clock = field(default_factory=SystemClock)
    page: bool = True  # whether the page at /app/ is on
    counts_apart: bool = False  # whether another process may open the home, and count for the page
    frame_ancestors: tuple[str, ...] = ()  # origins that may show the page in a frame

    @classmethod
    def open(cls, settings: Settings) -> AppState:
        """Create the state of a worker from its settings."""
        clock, metrics = make_clock(settings.as_of), Metrics()
        log = json_log(clock)
        online_store = settings.online_store.get_secret_value()
        store = open_store(resolve_location(online_store, settings.home))
        ledger, audit_log = open_ledger(settings.home, online_store), AuditLog.open(settings.home)
        consent_gate = ConsentGate(ledger)
        audiences = AudienceService.for_home(settings.home, ledger, audit_log, settings)
        releases = ReleaseLoader(settings.home / "releases", load_release, store.reader, metrics, log)
        publications = PublicationLoader.of_store(store)
        canonical_ids = CanonicalIds(ledger)
        predictor = Predictor(clock, SegmentLookup(audiences.scores, consent_gate), metrics, log)
        return cls(
            release_loader=releases,
            publication_loader=publications,
            clock=clock,
            api_keys=ApiKeys(
                settings.api_keys, KeyReloader(KeyStore.for_home(settings.home), log, settings.poll_seconds)
            ),
            metrics=metrics,
            log=log,
            shutdown=GracefulShutdown(settings.drain_seconds),
            load_shedder=LoadShedder(settings.max_waiting, settings.deadline_seconds),
            prediction_service=PredictionService(
                lambda: releases.current,
                lambda: publications.current,
                clock,
                consent_gate,
                predictor,
                MicroBatcher(predictor.predict_batch),
                canonical_ids,
            ),
            audit_log=audit_log,
            audience_service=audiences,
            home=settings.home,
            online_store=online_store,
            poll_seconds=settings.poll_seconds,
            reserve_bytes=settings.reserve_bytes,
            access_log=settings.access_log,
            canonical_ids=canonical_ids,
            allowed_hosts=settings.allowed_hosts,
            rate_limits=RateLimits.for_store(Limits(settings.rate_limit, settings.quota), online_store, log),
            sessions=Sessions(settings.session_hours, load_secret(settings.home)),
            page=settings.page,
            counts_apart=settings.page,
            frame_ancestors=settings.frame_ancestors,
        )

    @property
    def consent_gate(self) -> ConsentGate:
        """The consent gate in front of the predictions; the privacy routes use its ledger."""
        return self.prediction_service.consent_gate

    @property
    def authenticator(self) -> Authenticator:
        """The authenticator in front of every route that is not public."""
        return Authenticator(self.api_keys, self.sessions, self.failed_attempts, self.rate_limits)

    @cached_property
    def monitoring_loader(self) -> MonitoringLoader:
        """The loader of the scorecards and the drift that the nightly job writes into the home."""
        return MonitoringLoader(self.home, self.metrics.monitoring)

    @cached_property
    def growth_loader(self) -> GrowthLoader:
        """The loader of the figures of growth that the nightly job writes into the home."""
        return GrowthLoader(self.home)

    @cached_property
    def lines_by_customer(self) -> LinesByCustomer:
        """The reader of what one customer ordered."""
        return LinesByCustomer(self.home / "history")

    @cached_property
    def recent_acts(self) -> RecentActsReader:
        """The reader of the consents and erasures of the last days."""
        return RecentActsReader(self.home)

    @cached_property
    def audit_counter(self) -> AuditCounter:
        """The counter of the requests that are too many for an audit line each."""
        return AuditCounter(self.audit_log)

    @cached_property
    def decision_log(self) -> DecisionLog:
        """The log of the decisions of experiments, with their exposures and outcomes."""
        return open_decisions(self.home, self.online_store)

    @cached_property
    def experiment_services(self) -> ExperimentServices:
        """The services that start experiments, and that decide for customers; opened by the first request."""
        return ExperimentServices.for_home(
            self.home, self.consent_gate.ledger, self.audit_log, self.audience_service, self.decision_log
        )

    @cached_property
    def tag_export_service(self) -> TagExportService:
        """The exports of tags to the tools of the shop."""
        return TagExportService(
            self.home, self.consent_gate.ledger, self.audit_log, self.audience_service, self.decision_log
        )

    @cached_property
    def attribution_service(self) -> AttributionService:
        """The attribution of the home, with the reports that were asked for last."""
        return AttributionService(self.home, self.consent_gate.ledger, MAX_ATTRIBUTION_ROWS)

    @property
    def disk_reserve(self) -> DiskReserve:
        """The space set aside in the home for revocations and erasures."""
        return DiskReserve(self.home, self.reserve_bytes)

    async def degraded_reason(self) -> str | None:
        """Why predictions would fail now or, if they would not, that the disk is nearly full; else None."""
        if (reason := await self.prediction_service.degraded_reason()) is not None:
            return reason
        return SPACE_SHORT if self.disk_reserve.is_short else None

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the shop; UTC while no release is loaded."""
        active = self.release_loader.current
        return ZoneInfo("UTC" if active is None else active.release.metadata.timezone)

    def now(self) -> int:
        """The instant for which the worker answers, microseconds since 1970 UTC; it may be pinned."""
        return self.clock.now(self.zone)

    def machine_now(self) -> int:
        """The current instant by the clock of the machine, microseconds since 1970 UTC; never a pinned one.

        What happens is dated with it: consents, audit lines, and the age of stored audiences.
        """
        return self.machine_clock.now(self.zone)

    def log_silence(self) -> LogSilence | None:
        """The silence at the end of the log that the features know; None before the first publication."""
        publication = self.publication_loader.current
        return None if publication is None else LogSilence(publication, local_day(self.now(), self.zone))

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Follow publication and champion pointer, and handle the signals to stop, for as long as the service runs."""
        self.shutdown.install_signal_handlers()
        # No release answers without the end of the log that its features know, and none before the segments are read.
        polls = (
            self.publication_loader.poll,
            self.canonical_ids.poll,
            self.prediction_service.predictor.segment_lookup.poll,
            self.release_loader.poll,
            lambda: self.audit_counter.flush(self.machine_now(), self.log),
            self.disk_reserve.restore,
            self.monitoring_loader.poll,
            self.growth_loader.poll,
            self.audience_service.scores.poll,
            self.lines_by_customer.poll,
        )
        polling = asyncio.create_task(poll_forever(polls, self.poll_seconds, self.log))
        try:
            yield
        finally:
            polling.cancel()
            with suppress(asyncio.CancelledError):
                await polling
            self.audit_counter.flush(self.machine_now(), self.log, everything=True)
            await self.rate_limits.close()
