"""What does one worker process hold? A champion, a clock, the keys, and what it counts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from structlog.typing import FilteringBoundLogger

from features.consents.backends import ledger
from features.online.backends import place, store_at
from serving.api.graceful_shutdown import Departure
from serving.api.load_shedding import Pressure
from serving.audiences.audience_service import AudienceDesk
from serving.auth.api_keys import ApiKeys
from serving.auth.key_reload import KeyWatch
from serving.auth.key_store import KeyFile
from serving.observability.audit_log import Audit
from serving.observability.clock import Clock, clock
from serving.observability.json_logs import json_log
from serving.observability.metrics import Metrics
from serving.predictions.consent_gate import Permission
from serving.predictions.micro_batching import Together
from serving.releases.release_loader import Champions
from serving.segments.segment_lookup import Segments
from serving.settings import Settings
from training.inference.release import Release


@dataclass(frozen=True, kw_only=True)
class Worker:
    """Everything a request may need, opened once."""

    champions: Champions
    clock: Clock
    keys: ApiKeys
    metrics: Metrics
    log: FilteringBoundLogger
    departure: Departure
    pressure: Pressure
    together: Together
    permission: Permission
    audit: Audit
    audiences: AudienceDesk
    segments: Segments
    home: Path
    online: str
    poll_seconds: float
    access_log: bool

    @classmethod
    def open(cls) -> Worker:
        """A worker on the home that the environment names."""
        settings = Settings()
        time, metrics = clock(settings.as_of), Metrics()
        log = json_log(time)
        online = settings.online_store.get_secret_value()
        store = store_at(place(online, settings.home))
        rights, audit = ledger(settings.home, online), Audit.open(settings.home)
        permission, desk = Permission(rights), AudienceDesk.of(settings.home, rights, audit)
        champions = Champions(settings.home / "releases", Release.load, store.reader, metrics, log)
        return cls(
            champions=champions,
            clock=time,
            keys=ApiKeys(settings.api_keys, KeyWatch(KeyFile.of(settings.home), log, settings.poll_seconds)),
            metrics=metrics,
            log=log,
            departure=Departure(settings.drain_seconds),
            pressure=Pressure(settings.most_waiting, settings.deadline_seconds),
            together=Together(),
            permission=permission,
            audit=audit,
            audiences=desk,
            segments=Segments(desk.scores, permission),
            home=settings.home,
            online=online,
            poll_seconds=settings.poll_seconds,
            access_log=settings.access_log,
        )

    @property
    def zone(self) -> ZoneInfo:
        """The shop's, or UTC's while no release says which that is."""
        champion = self.champions.current
        return ZoneInfo("UTC" if champion is None else champion.release.facts.timezone)

    def now(self) -> int:
        """This instant by the worker's clock, microseconds since 1970 UTC."""
        return self.clock.now(self.zone)

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        """Follow the champion pointer as long as the service runs, and hear of its end before it comes."""
        self.departure.announce()
        following = asyncio.create_task(self.champions.follow(self.poll_seconds))
        try:
            yield
        finally:
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following
