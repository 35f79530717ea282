"""Hot reload: a worker loads and checks a new champion beside the old one and switches between two requests."""

from __future__ import annotations

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
_RETRY_AFTER_POLLS = 30  # polls of an unchanged pointer before a rejected release is tried again

LoadRelease = Callable[[Path], ReleasePort]
OpenFeatures = Callable[[tuple[View, ...]], FeatureReader]


class InvalidVersion(Exception):
    """The pointer, or the folder that it names, has unexpected contents."""


class ReleaseLoader:
    """Follows the pointer ``releases/champion``; each request reads ``current`` once."""

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

    def poll(self) -> None:
        """Read the pointer once and activate a new release.

        A release that does not load, or fails its check, is rejected, logged and counted; the old one stays active.
        """
        pointer = self._read_pointer()
        if pointer is None or (pointer == self._last_pointer and not self._should_retry()):
            return
        self._last_pointer, self._polls_since_failure = pointer, 0
        version = pointer[0]
        if self.current is not None and version == self.current.release.version:
            return
        try:
            champion = self._load_version(version)
        except Exception as error:  # noqa: BLE001 - no fault of a new release may stop the old one
            self._polls_since_failure = 1
            self._metrics.record_load_failure()
            log_error(self._log, "release rejected", error, release=version, reason=str(error))
            return
        self._activate(champion)

    def pointer_version(self) -> str | None:
        """The version that the pointer named at the last poll; None before the first promotion."""
        return None if self._last_pointer is None else self._last_pointer[0]

    def _read_pointer(self) -> tuple[str, int] | None:
        """Return the version and the time of the promotion; None before the first promotion."""
        try:
            # Both come from one open file, because the pointer may be replaced between two reads.
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
        previous = self.current
        self.current = champion
        self._metrics.set_active_release(champion.release)
        self._log.info("release serves", release=champion.release.version, former=previous and previous.release.version)
        # A full garbage collection of the objects that imports created stalls requests for 100 to 190 ms.
        gc.collect()
        gc.freeze()
