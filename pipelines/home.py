"""Home: the folder with all data of one shop, and its write lock, which admits one writer at a time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from features.errors import NotFound, StoreUnavailable
from features.storage import write_lock
from features.storage.home_format import check_home_format, home_format, record_home_format
from pipelines import environment
from training.inference.release_errors import CorruptRelease
from training.inference.release_manifest import ReleaseManifest

if TYPE_CHECKING:
    from features.consents.ledger import Ledger
    from training.registry import Registry


FIRST_ZONE = ZoneInfo("Etc/GMT-14")


@dataclass(frozen=True)
class Home:
    """Paths, registry and ledger of one shop's folder."""

    folder: Path

    @property
    def history(self) -> Path:
        """Folder of the canonical history."""
        return self.folder / "history"

    @property
    def features(self) -> Path:
        """Folder of the feature tables, one file per view."""
        return self.folder / "features"

    @property
    def publication(self) -> Path:
        """Path of the record of the published features: the day that they were computed for."""
        return self.features / "published.json"

    @property
    def releases(self) -> Path:
        """Folder of the local release files, one folder per version, and of the champion pointer."""
        return self.folder / "releases"

    @property
    def scores(self) -> Path:
        """Path of the scores table."""
        return self.folder / "scores.parquet"

    @property
    def predictions(self) -> Path:
        """Folder of the prediction snapshots, one file per day and release."""
        return self.folder / "predictions"

    @property
    def scorecards(self) -> Path:
        """Path of the realised scorecards."""
        return self.folder / "scorecards.json"

    @property
    def drift(self) -> Path:
        """Path of the newest drift report."""
        return self.folder / "drift.json"

    @property
    def growth(self) -> Path:
        """Folder of the figures of growth: closed periods, the definition, and the newest answer."""
        return self.folder / "growth"

    @property
    def feedback(self) -> Path:
        """Folder of the labels that the shop gave to texts, and of the models that learned from them."""
        return self.folder / "feedback"

    def require_folder(self) -> None:
        """Check that the home exists.

        Raises:
            NotFound: there is no such folder.
        """
        if not self.folder.is_dir():
            raise NotFound(f"Found no home in {self.folder}. Expected the folder of a shop: name it with --home.")

    def published_day(self) -> date | None:
        """Return the day that the feature tables were computed for; None where none were, or the record is damaged."""
        try:
            return date.fromisoformat(json.loads(self.publication.read_bytes())["as_of"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def champion(self) -> str | None:
        """Return the version of the serving release from the local pointer, or None without a champion."""
        pointer = self.releases / "champion"
        return pointer.read_text().strip() if pointer.is_file() else None

    def required_champion(self) -> str:
        """Return the version of the serving release.

        Raises:
            NotFound: there is no champion.
        """
        version = self.champion()
        if version is None:
            raise NotFound(
                f"Found no champion in {self.folder}. Expected a promoted release: run `flywheel run` first."
            )
        return version

    def champion_tiers(self) -> Mapping[str, str]:
        """Return the tier that answers each model in the champion; empty without one that this version can read."""
        manifest = self._champion_manifest()
        try:
            return {} if manifest is None else manifest.tiers
        except (KeyError, TypeError):
            return {}

    def zone(self) -> ZoneInfo:
        """Return the time zone of the shop, from the champion; without one, that in which each day begins first."""
        manifest = self._champion_manifest()
        return FIRST_ZONE if manifest is None else ZoneInfo(manifest.metadata.timezone)

    def _champion_manifest(self) -> ReleaseManifest | None:
        champion = self.champion()
        try:
            return ReleaseManifest.read(self.releases / champion) if champion else None
        except CorruptRelease:
            return None

    def registry(self) -> Registry:
        """Open the model registry: MLflow in the home, or at FLYWHEEL_MLFLOW_TRACKING_URI."""
        from training.registry import Registry

        return Registry.open(self.folder, _tracking_uri())

    def ledger(self) -> Ledger:
        """Open the consent ledger, which also records erased customers."""
        from features.consents.backends import open_ledger

        return open_ledger(self.folder, self.online)

    @property
    def online(self) -> str:
        """Location of the online store: ``lmdb`` for the home, or the Redis address in FLYWHEEL_ONLINE_STORE."""
        return environment.ONLINE_STORE.value

    def ui_command(self, port: int) -> list[str]:
        """Return the command that starts the MLflow UI on the home's models.

        Raises:
            NotFound: no model was registered here, or the models are on another MLflow server.
        """
        from training.registry import ui_command

        if _tracking_uri():
            raise NotFound(
                f"Found the models at {_tracking_uri()}. Expected them in the home: open the UI of that server."
            )
        if not (self.folder / "mlflow.db").is_file():
            raise NotFound(f"Found no models in {self.folder}. Expected trained models: run `flywheel run` first.")
        return ui_command(self.folder, port)

    @contextmanager
    def hold_write_lock(
        self, command: str, report: Callable[[str], None], timeout_seconds: float | None = None
    ) -> Iterator[None]:
        """Hold the write lock of the home, and apply pending erasures before and after the writing.

        Raises:
            HomeLocked: another writer did not finish in time; the message names it.
            HomeNotWritable: the folder cannot be created or written.
            UnreadableHome: a newer version of Flywheel wrote the home.
        """
        # Imported before the lock is taken, so that Ctrl-C under the lock never interrupts an import.
        from serving.privacy.erasure import apply_pending_erasures

        check_home_format(self.folder)
        with write_lock.hold_write_lock(self.folder, command, report, _lock_timeout(timeout_seconds)):
            if home_format(self.folder) is None:
                record_home_format(self.folder)
            # Erasures requested while a killed writer held the lock are still pending. An unreadable table is skipped:
            # this writer may be about to replace it.
            with suppress(OSError, ValueError, StoreUnavailable):
                apply_pending_erasures(self.folder, self.online, self.ledger())
            try:
                yield
            finally:
                # Customers erased during the writing may be in the files just written.
                with suppress(StoreUnavailable):
                    apply_pending_erasures(self.folder, self.online, self.ledger())


def _tracking_uri() -> str | None:
    return environment.MLFLOW_TRACKING_URI.value or None


def _lock_timeout(seconds: float | None) -> float:
    return environment.LOCK_SECONDS.seconds() if seconds is None else seconds
