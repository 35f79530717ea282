"""Prune step: removes what a home keeps longer than its retention says."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pyarrow.parquet as pq

from features.config.retention import Retention
from features.errors import StoreUnavailable
from pipelines.home import Home
from pipelines.learning.decisions.folded_records import remove_folded
from pipelines.learning.predictions.prediction_snapshots import thin_out
from pipelines.steps import stored_audiences


@dataclass(frozen=True)
class PruneSummary:
    """What was removed."""

    releases: tuple[str, ...] = ()
    evaluations: int = 0  # runs
    scores: bool = False
    audiences: int = 0
    predictions: int = 0  # snapshots
    decisions: int = 0  # and outcomes, from the decision log alone

    def sentence(self) -> str:
        """What was removed as one sentence."""
        parts = [f"releases {', '.join(self.releases)}"] if self.releases else []
        parts += [f"{self.evaluations} runs of evaluations"] if self.evaluations else []
        parts += ["the scores table"] if self.scores else []
        parts += [f"{self.audiences} audiences"] if self.audiences else []
        parts += [f"{self.predictions} snapshots of predictions"] if self.predictions else []
        parts += [f"{self.decisions} records of the decision log that the history has"] if self.decisions else []
        return (
            f"Removed, as older than the retention: {', '.join(parts)}."
            if parts
            else "Nothing is older than the retention."
        )


def run(home: Home, retention: Retention, now: datetime, report: Callable[[str], None]) -> PruneSummary:
    """Remove the scores, releases and evaluations that are older than the retention; the caller has the write lock.

    A release that answers, may be rolled back to, waits for promotion or made the scores table is kept at any age.
    """
    scores = _remove_old_scores(home, now - timedelta(days=retention.scores_days))
    registry, limit = home.registry(), now - timedelta(days=retention.runs_days)
    releases = registry.old_releases(limit, needed_versions=_needed_releases(home))
    for version in releases:
        report(f"removing release {version}")
        shutil.rmtree(home.releases / version, ignore_errors=True)
        registry.delete_release(version)
    evaluations = registry.delete_old_evaluations(limit)
    snapshots = thin_out(home, now - timedelta(days=retention.predictions_days))
    decisions = _remove_old_decisions(home, now, report)
    return PruneSummary(tuple(releases), evaluations, scores, _remove_old_audiences(home, report), snapshots, decisions)


def _remove_old_audiences(home: Home, report: Callable[[str], None]) -> int:
    """Remove expired audiences, by the clock of the machine; one that cannot be read stops nothing else."""
    try:
        return len(stored_audiences.delete_expired(home))
    except StoreUnavailable as error:
        report(str(error))
        return 0


def _remove_old_decisions(home: Home, now: datetime, report: Callable[[str], None]) -> int:
    """Remove folded records from the decision log; one that does not answer stops nothing else."""
    try:
        return remove_folded(home, now)
    except StoreUnavailable as error:
        report(str(error))
        return 0


def _remove_old_scores(home: Home, limit: datetime) -> bool:
    if not home.scores.is_file() or datetime.fromtimestamp(home.scores.stat().st_mtime, UTC) >= limit:
        return False
    home.scores.unlink()
    return True


def _needed_releases(home: Home) -> list[str]:
    """The releases that files of the home name: the champion, and the one that scored."""
    return [version for version in (home.champion(), _scoring_release(home)) if version is not None]


def _scoring_release(home: Home) -> str | None:
    if not home.scores.is_file():
        return None
    with pq.ParquetFile(home.scores) as file:
        if "release" not in file.schema_arrow.names or not file.metadata.num_rows:
            return None
        version: str = next(file.iter_batches(batch_size=1, columns=["release"])).column(0)[0].as_py()
        return version
