"""Who answers now? A worker follows the champion pointer: load beside the old, try it, then switch at once."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Callable
from pathlib import Path

from structlog.typing import FilteringBoundLogger

from features.views import View
from serving.interfaces import ActiveRelease, FeatureReader, ReleasePort
from serving.observability.json_logs import log_error
from serving.observability.metrics import Metrics
from serving.releases.release_check import smoke_test

POINTER = "champion"
_RETRY_AFTER_POLLS = 30  # looks at an unchanged pointer before a refused release is tried again

LoadRelease = Callable[[Path], ReleasePort]
OpenFeatures = Callable[[tuple[View, ...]], FeatureReader]


class InvalidVersion(Exception):
    """The pointer, or the folder it names, holds something else than it should."""


class ReleaseLoader:
    """Follows ``releases/champion``; ``current`` is read once per request and never half changed."""

    def __init__(
        self,
        releases: Path,
        load: LoadRelease,
        open_features: OpenFeatures,
        metrics: Metrics,
        log: FilteringBoundLogger,
    ) -> None:
        self.current: ActiveRelease | None = None
        self._releases = releases
        self._load = load
        self._open_features = open_features
        self._metrics = metrics
        self._log = log
        self._last_pointer: tuple[str, int] | None = None
        self._polls_since_failure = 0

    async def follow(self, poll_seconds: float) -> None:
        """Look at the pointer for ever; loading happens in a thread, beside the requests."""
        while True:
            try:
                await asyncio.to_thread(self.poll)
            except Exception as error:  # noqa: BLE001 - who stops looking would answer from the old release for ever
                log_error(self._log, "champion not seen", error)
            await asyncio.sleep(poll_seconds)

    def poll(self) -> None:
        """One look at the pointer; a release that cannot answer is refused, logged and counted, the old one stays."""
        pointer = self._read_pointer()
        if pointer is None or (pointer == self._last_pointer and not self._should_retry()):
            return
        self._last_pointer, self._polls_since_failure = pointer, 0
        version = pointer[0]
        if self.current is not None and version == self.current.release.version:
            return
        try:
            champion = self._load_version(version)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a release, the old one must go on
            self._polls_since_failure = 1
            self._metrics.record_load_failure()
            log_error(self._log, "release refused", error, release=version, reason=str(error))
            return
        self._activate(champion)

    def _read_pointer(self) -> tuple[str, int] | None:
        """The version named, and when it was; None where nothing was promoted yet."""
        try:
            # Both of one file: another may take its name between two looks.
            with (self._releases / POINTER).open(encoding="utf-8", errors="replace") as file:
                return file.read().strip(), os.fstat(file.fileno()).st_mtime_ns
        except OSError:
            return None

    def _should_retry(self) -> bool:
        if self._polls_since_failure:
            self._polls_since_failure += 1
        return self._polls_since_failure > _RETRY_AFTER_POLLS

    def _load_version(self, version: str) -> ActiveRelease:
        if not version or Path(version).name != version:
            raise InvalidVersion(f"Found {version!r} in {POINTER}; expected a version. Promote a release again.")
        release = self._load(self._releases / version)
        if release.version != version:
            raise InvalidVersion(f"Found release {release.version!r} in the folder of {version!r}. Promote it again.")
        smoke_test(release)
        return ActiveRelease(release, self._open_features(release.views))

    def _activate(self, champion: ActiveRelease) -> None:
        former = self.current
        self.current = champion
        self._metrics.set_active_release(champion.release)
        self._log.info("release serves", release=champion.release.version, former=former and former.release.version)
        # Full collections of what the imports left behind stall requests for 100 to 190 ms.
        gc.collect()
        gc.freeze()
