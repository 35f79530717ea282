"""The whole main job: ingest, publish, train, promote, score."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from features.config.shop import Description
from features.ingestion.ingest import Manifest
from pipelines.home import Home
from pipelines.run_context import Job
from pipelines.steps import ingest, promote, publish, score, train
from pipelines.steps.promote import GateRefused
from training.dataset.readiness import Readiness


@dataclass(frozen=True)
class Done:
    """What one run did."""

    manifest: Manifest
    readiness: Readiness
    trained: str
    champion: str
    refused: str  # why the gate kept the trained release from serving; empty when it serves
    scored: score.Scored


def run(
    description: Description,
    home: Home,
    as_of: date,
    at: datetime,
    say: Callable[[str], None],
    out: Path | None = None,
) -> Done:
    """Everything from the raw log to the scores table, as of a day; nothing after it is looked at.

    A release that the gate refuses is registered all the same, and the champion goes on serving.
    """
    manifest = ingest.run(description, home, at, say)
    job = Job(description, home, as_of, say, at=at)
    publish.run(job)
    trained = train.run(job)
    refused = ""
    try:
        promote.run(home, at, say, version=trained)
    except GateRefused as refusal:
        refused = str(refusal)
        say(refused)
    scored = score.run(description, home, job.now, say, out, at)
    return Done(manifest, job.readiness, trained, scored.release, refused, scored)
