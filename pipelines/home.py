"""A home folder: everything one shop's predictions live in, and the lock that lets one writer in at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from features.errors import NotFound, StoreUnavailable
from features.storage import write_lock
from pipelines import environment
from training.inference.release_manifest import ReleaseManifest

if TYPE_CHECKING:
    from features.consents.ledger import Ledger
    from training.registry import Registry


@dataclass(frozen=True)
class Home:
    """Where the history, the features, the models and the scores of one shop are kept."""

    folder: Path

    @property
    def history(self) -> Path:
        """The canonical log."""
        return self.folder / "history"

    @property
    def features(self) -> Path:
        """Feature tables, one per view."""
        return self.folder / "features"

    @property
    def releases(self) -> Path:
        """Local copies of releases, by version, and the champion pointer."""
        return self.folder / "releases"

    @property
    def scores(self) -> Path:
        """The last scores of every customer."""
        return self.folder / "scores.parquet"

    def champion(self) -> str | None:
        """The version of the release that serves, as the local pointer has it."""
        pointer = self.releases / "champion"
        return pointer.read_text().strip() if pointer.is_file() else None

    def champion_tiers(self) -> Mapping[str, str]:
        """The rung from which the champion answers each question; empty where nothing serves yet."""
        champion = self.champion()
        try:
            return ReleaseManifest.read(self.releases / str(champion)).tiers if champion else {}
        except FileNotFoundError:
            return {}

    def registry(self) -> Registry:
        """Where models are registered: MLflow in the home, or at FLYWHEEL_MLFLOW_TRACKING_URI."""
        from training.registry import Registry

        return Registry.open(self.folder, _tracking_uri())

    def ledger(self) -> Ledger:
        """What customers agreed to, and who is forgotten."""
        from features.consents.backends import open_ledger

        return open_ledger(self.folder, self.online)

    @property
    def online(self) -> str:
        """Where the online store is: in the home (lmdb), or at the address that FLYWHEEL_ONLINE_STORE names."""
        return environment.ONLINE_STORE.value

    def ui_command(self, port: int) -> list[str]:
        """What to run to see the registered models in a browser.

        Raises:
            NotFound: no model was ever registered here.
        """
        from training.registry import ui_command

        if _tracking_uri():
            raise NotFound(f"The models are registered at {_tracking_uri()}: see them there.")
        if not (self.folder / "mlflow.db").is_file():
            raise NotFound(f"There are no models in {self.folder}. Expected trained ones: run `flywheel run` first.")
        return ui_command(self.folder, port)

    @contextmanager
    def hold_write_lock(
        self, command: str, report: Callable[[str], None], timeout_seconds: float | None = None
    ) -> Iterator[None]:
        """Hold the home while writing to it.

        Raises:
            HomeLocked: another writer did not finish in time; the text says who it is.
            HomeNotWritable: the folder cannot be made, or not be written to.
        """
        # Loaded before the home is held: who holds it is at work, and a Ctrl-C must not meet a module half loaded.
        from serving.privacy.erasure import apply_pending_erasures

        with write_lock.hold_write_lock(self.folder, command, report, _lock_timeout(timeout_seconds)):
            # Whoever was forgotten while a writer that was killed held the home is still in it; a table that cannot be
            # read may be just what this one is about to write again.
            with suppress(OSError, ValueError, StoreUnavailable):
                apply_pending_erasures(self.folder, self.online, self.ledger())
            try:
                yield
            finally:
                # Whoever was forgotten meanwhile may be in what was written.
                with suppress(StoreUnavailable):
                    apply_pending_erasures(self.folder, self.online, self.ledger())


def _tracking_uri() -> str | None:
    return environment.MLFLOW_TRACKING_URI.value or None


def _lock_timeout(seconds: float | None) -> float:
    return float(environment.LOCK_SECONDS.value) if seconds is None else seconds
