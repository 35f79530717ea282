"""Registry client: the only access to MLflow for runs, versions, aliases, promotions and release files."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from training.registry import backend, promotion, pruning, versions
from training.registry.promotion_history import barred_releases
from training.registry.promotion_log import Promotion, PromotionLog
from training.registry.run_record import Metric, Run

if TYPE_CHECKING:
    from mlflow import MlflowClient


@dataclass(frozen=True)
class Registry:
    """The models of one home; every method is idempotent, so a call repeated after a crash completes the first."""

    home: Path
    client: MlflowClient

    @classmethod
    def open(cls, home: Path, tracking_uri: str | None = None) -> Registry:
        """Open the home's own SQLite store (created on first use: 2 to 12 s), or the store at ``tracking_uri``."""
        return cls(home, backend.connect(home, tracking_uri))

    def log_run(self, run: Run) -> str:
        """Log a run and return its id; a finished run with the same name and fingerprint is returned unchanged."""
        from training.registry import tracking  # noqa: PLC0415 -- MLflow's entities, once telemetry is off

        return tracking.log_run(self.client, backend.experiment_id(self.client, self.home, run.experiment), run)

    def log_release_metrics(self, version: str, metrics: Sequence[Metric]) -> None:
        """Log further metrics to the run of a release; raises ``VersionNotFound``."""
        from training.registry import tracking  # noqa: PLC0415 -- MLflow's entities, once telemetry is off

        tracking.log_metrics(self.client, versions.run_id_of(self.client, versions.RELEASE, version), metrics)

    def register(
        self,
        name: str,
        run_id: str,
        artifact_path: str,
        description: str,
        tags: Mapping[str, str],
        fingerprint: str,
    ) -> str:
        """Register a run's artefacts as a version, or return the existing version with this fingerprint.

        A ``release`` names the versions of its models in tags of their names: ``{"churn": "3", "ltv": "2"}``.

        Raises:
            VersionNotFound: the run has no artefacts under ``artifact_path``.
        """
        spec = versions.ModelVersionSpec(
            name=name,
            run_id=run_id,
            artifact_path=artifact_path,
            description=description,
            tags=tags,
            fingerprint=fingerprint,
        )
        return versions.register(self.client, spec)

    def describe(self, name: str, description: str) -> None:
        """Set the description under which MLflow lists a model, which is made if it does not exist."""
        versions.describe(self.client, name, description)

    def describe_version(self, name: str, version: str, description: str) -> None:
        """Set the description of a version and of its run, as Markdown; raises ``VersionNotFound``."""
        versions.describe_version(self.client, name, version, description)

    def version_of(self, name: str, alias: str) -> str | None:
        """The version an alias points to; None without that alias."""
        return versions.aliases(self.client).get(name, {}).get(alias)

    def has_release(self, version: str) -> bool:
        """Whether a release of this version is registered."""
        try:
            self.tags_of(versions.RELEASE, version)
        except versions.VersionNotFound:
            return False
        return True

    def tags_of(self, name: str, version: str) -> dict[str, str]:
        """The tags of a version: hashes, gate, promotion; raises ``VersionNotFound``."""
        return versions.tags_of(self.client, name, version)

    def set_challenger(self, name: str, version: str) -> None:
        """Mark a version as waiting for promotion, for a release with its models; raises ``VersionNotFound``."""
        promotion.set_challenger(self.client, name, version)

    def promote(
        self, version: str, *, by: str, at: datetime, why: str, gate: Mapping[str, object], forced: bool = False
    ) -> Promotion:
        """Make a release the champion and the champion the previous release; raises ``VersionNotFound``."""
        requested = Promotion(version=version, replaced=None, by=by, at=at, why=why, gate=gate, forced=forced)
        return promotion.promote(self.client, self._promotion_log, requested)

    def rollback(self, *, by: str, at: datetime, why: str) -> Promotion:
        """Make the previous release the champion again; raises ``VersionNotFound`` without one."""
        return promotion.rollback(self.client, self._promotion_log, by=by, at=at, why=why)

    def rollback_target(self) -> str:
        """The release that a rollback makes the champion; raises ``VersionNotFound`` without one."""
        return promotion.rollback_target(self.client, self._promotion_log)

    def restore_champion(self, serving: str | None) -> None:
        """Set the aliases as the promotion of the serving release left them, wherever somebody moved them."""
        promotion.restore_champion(self.client, self._promotion_log, serving)

    def finish_interrupted(self) -> None:
        """Complete the promotion whose aliases a crash left half moved, if there is one."""
        promotion.finish_interrupted(self.client, self._promotion_log)

    def bar_of(self, version: str) -> str | None:
        """Who rolled a release back, when and why, while it is barred; None for one that may promote itself."""
        return promotion.bar_of(self.client, self._promotion_log, version)

    def barred_releases(self) -> list[str]:
        """The releases that were rolled back and not promoted since, the newest rollback last."""
        return list(barred_releases(self.promotions()))

    def note_refusal(self, version: str, reason: str) -> None:
        """Say on the page of a release why it was not promoted when its alias was moved; a promotion removes it."""
        self.client.set_model_version_tag(versions.RELEASE, version, promotion.REFUSED_TAG, reason)

    def promotions(self) -> list[Promotion]:
        """Every change of the champion, oldest first."""
        return self._promotion_log.read()

    def newest_promotion(self) -> Promotion | None:
        """The last change of the champion; None before the first."""
        return self._promotion_log.newest()

    def fetch(self, version: str, folder: Path) -> Path:
        """Copy a release's artefacts to ``folder``, all or none, and return it.

        Raises:
            CorruptArtifacts: a file differs from its registered sha256.
            VersionNotFound: there is no such release.
        """
        return versions.fetch(self.client, version, folder)

    def old_releases(self, registered_before: datetime, needed_versions: Collection[str] = ()) -> list[str]:
        """The releases registered before an instant, oldest first, without those in use, waiting or needed."""
        return pruning.old_releases(self.client, registered_before, needed_versions)

    def delete_release(self, version: str) -> None:
        """Delete a release with its models and runs for good; raises ``VersionNotFound``."""
        pruning.delete_release(self.client, self.home, version)

    def delete_old_evaluations(self, began_before: datetime) -> int:
        """Delete the runs of evaluations that began before an instant; returns their number."""
        run_ids = pruning.old_evaluations(self.client, began_before)
        pruning.delete_runs(self.client, self.home, run_ids)
        return len(run_ids)

    @property
    def _promotion_log(self) -> PromotionLog:
        return PromotionLog.of_home(self.home)
