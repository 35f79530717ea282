"""What does one worker process hold? A champion, a clock, the keys, and what it counts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from structlog.typing import FilteringBoundLogger

from features.consents.backends import open_ledger
from features.online.backends import open_store, resolve_location
from serving.api.graceful_shutdown import GracefulShutdown
from serving.api.load_shedding import LoadShedder
from serving.audiences.audience_service import AudienceService
from serving.auth.api_keys import ApiKeys
from serving.auth.key_reload import KeyReloader
from serving.auth.key_store import KeyStore
from serving.observability.audit_log import AuditLog
from serving.observability.clock import Clock, make_clock
from serving.observability.json_logs import json_log
from serving.observability.metrics import Metrics
from serving.predictions.consent_gate import ConsentGate
from serving.predictions.micro_batching import MicroBatcher
from serving.releases.release_loader import ReleaseLoader
from serving.segments.segment_lookup import SegmentLookup
from serving.settings import Settings
from training.models import load_release


@dataclass(frozen=True, kw_only=True)
class AppState:
    """Everything a request may need, opened once."""

    release_loader: ReleaseLoader
    clock: Clock
    api_keys: ApiKeys
    metrics: Metrics
    log: FilteringBoundLogger
    shutdown: GracefulShutdown
    load_shedder: LoadShedder
    micro_batcher: MicroBatcher
    consent_gate: ConsentGate
    audit_log: AuditLog
    audience_service: AudienceService
    segment_lookup: SegmentLookup
    home: Path
    online_store: str
    poll_seconds: float
    access_log: bool

    @classmethod
    def open(cls) -> AppState:
        """A worker on the home that the environment names."""
        settings = Settings()
        time, metrics = make_clock(settings.as_of), Metrics()
        log = json_log(time)
        online = settings.online_store.get_secret_value()
        store = open_store(resolve_location(online, settings.home))
        rights, audit = open_ledger(settings.home, online), AuditLog.open(settings.home)
        permission, desk = ConsentGate(rights), AudienceService.for_home(settings.home, rights, audit)
        champions = ReleaseLoader(settings.home / "releases", load_release, store.reader, metrics, log)
        return cls(
            release_loader=champions,
            clock=time,
            api_keys=ApiKeys(
                settings.api_keys, KeyReloader(KeyStore.for_home(settings.home), log, settings.poll_seconds)
            ),
            metrics=metrics,
            log=log,
            shutdown=GracefulShutdown(settings.drain_seconds),
            load_shedder=LoadShedder(settings.max_waiting, settings.deadline_seconds),
            micro_batcher=MicroBatcher(),
            consent_gate=permission,
            audit_log=audit,
            audience_service=desk,
            segment_lookup=SegmentLookup(desk.scores, permission),
            home=settings.home,
            online_store=online,
            poll_seconds=settings.poll_seconds,
            access_log=settings.access_log,
        )

    @property
    def zone(self) -> ZoneInfo:
        """The shop's, or UTC's while no release says which that is."""
        champion = self.release_loader.current
        return ZoneInfo("UTC" if champion is None else champion.release.metadata.timezone)

    def now(self) -> int:
        """This instant by the worker's clock, microseconds since 1970 UTC."""
        return self.clock.now(self.zone)

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Follow the champion pointer as long as the service runs, and hear of its end before it comes."""
        self.shutdown.install_signal_handlers()
        following = asyncio.create_task(self.release_loader.follow(self.poll_seconds))
        try:
            yield
        finally:
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following
