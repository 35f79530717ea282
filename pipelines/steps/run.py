"""The whole main job: ingest, publish, train, promote, score."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from features.config.shop import ShopConfig
from features.ingestion.ingest import HistoryManifest
from pipelines.home import Home
from pipelines.run_context import RunContext
from pipelines.steps import ingest, promote, publish, score, train
from pipelines.steps.promote import GateRejected
from training.dataset.readiness import Readiness


@dataclass(frozen=True)
class RunSummary:
    """What one run did."""

    manifest: HistoryManifest
    readiness: Readiness
    trained_version: str
    champion: str
    refusal: str  # why the gate kept the trained release from serving; empty when it serves
    score_summary: score.ScoreSummary


def run(
    config: ShopConfig,
    home: Home,
    as_of: date,
    timestamp: datetime,
    report: Callable[[str], None],
    out: Path | None = None,
) -> RunSummary:
    """Everything from the raw log to the scores table, as of a day; nothing after it is looked at.

    A release that the gate refuses is registered all the same, and the champion goes on serving.
    """
    manifest = ingest.run(config, home, timestamp, report)
    job = RunContext(config, home, as_of, report, consents_at=timestamp)
    publish.run(job)
    trained = train.run(job)
    refused = ""
    try:
        promote.run(home, timestamp, report, version=trained)
    except GateRejected as refusal:
        refused = str(refusal)
        report(refused)
    scored = score.run(config, home, job.now, report, out, timestamp)
    return RunSummary(manifest, job.readiness, trained, scored.release, refused, scored)
