"""The only door to MLflow: runs, versions, aliases, promotions and the copies that serving reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from training.registry import backend, promotion, versions
from training.registry.promotion_log import Promotion, PromotionLog
from training.registry.run_record import Run

if TYPE_CHECKING:
    from mlflow import MlflowClient


@dataclass(frozen=True)
class Registry:
    """The models of one home; every method may be repeated after a crash and then ends where it would have."""

    home: Path
    client: MlflowClient

    @classmethod
    def open(cls, home: Path, tracking_uri: str | None = None) -> Registry:
        """The home's own SQLite store (created on first use: 2 to 12 s), or the server or database named."""
        return cls(home, backend.connect(home, tracking_uri))

    def log_run(self, run: Run) -> str:
        """The run's id; a finished run with the same name and fingerprint is returned as it is."""
        from training.registry import tracking  # noqa: PLC0415 -- MLflow's entities, once telemetry is off

        return tracking.log_run(self.client, backend.experiment_id(self.client, self.home, run.experiment), run)

    def register(
        self,
        name: str,
        run_id: str,
        artifact_path: str,
        description: str,
        tags: Mapping[str, str],
        fingerprint: str,
    ) -> str:
        """The version made of a run's artefacts, or the one made before with this fingerprint.

        A ``release`` names the versions of its models in tags of their names: ``{"churn": "3", "ltv": "2"}``.
        """
        candidate = versions.ModelVersionSpec(
            name=name,
            run_id=run_id,
            artifact_path=artifact_path,
            description=description,
            tags=tags,
            fingerprint=fingerprint,
        )
        return versions.register(self.client, candidate)

    def version_of(self, name: str, alias: str) -> str | None:
        """The version an alias points to."""
        return versions.aliases(self.client).get(name, {}).get(alias)

    def tags_of(self, name: str, version: str) -> dict[str, str]:
        """What was noted at a version: hashes, gate, promotion; raises ``VersionNotFound``."""
        return versions.tags_of(self.client, name, version)

    def set_challenger(self, name: str, version: str) -> None:
        """Mark a version as waiting for promotion; a release's models follow."""
        promotion.set_challenger(self.client, name, version)

    def promote(
        self, version: str, *, by: str, at: datetime, why: str, gate: Mapping[str, object], forced: bool = False
    ) -> Promotion:
        """Make a release the champion and the champion the previous one; raises ``VersionNotFound``."""
        wanted = Promotion(version=version, replaced=None, by=by, at=at, why=why, gate=gate, forced=forced)
        return promotion.promote(self.client, self._promotion_log, wanted)

    def rollback(self, *, by: str, at: datetime, why: str) -> Promotion:
        """Make the previous release the champion again; raises ``VersionNotFound`` where there is none."""
        return promotion.rollback(self.client, self._promotion_log, by=by, at=at, why=why)

    def promotions(self) -> list[Promotion]:
        """Every change of the champion, oldest first."""
        return self._promotion_log.read()

    def fetch(self, version: str, folder: Path) -> Path:
        """A release's artefacts in ``folder``: all of them with the registered sha256, or ``CorruptArtifacts`` and none."""
        return versions.fetch(self.client, version, folder)

    @property
    def _promotion_log(self) -> PromotionLog:
        return PromotionLog(self.home / "promotions.jsonl")
