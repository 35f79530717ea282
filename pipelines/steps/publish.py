"""Compute every feature at every cutoff that is needed, tell Feast, and give today's to the online store."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import features
from features.errors import NothingThere
from features.ingestion.ingest import read_manifest
from features.storage.atomic_files import replace_text
from features.transformations.feature_tables import write_tables
from pipelines.home import Home
from pipelines.registration.code_fingerprint import code_fingerprint
from pipelines.run_context import Job

# Older rows than this never answer a point-in-time question: every question is asked at a published cutoff.
TTL_DAYS = 400


@dataclass(frozen=True)
class Published:
    """What the online store holds."""

    customers: int
    cutoffs: int


def run(job: Job) -> Published:
    """Publish features as of the job's day, to Feast's catalogue and to the online store."""
    from features.store.client import CustomerFeatures

    store = CustomerFeatures.open(job.home.folder, job.views, TTL_DAYS, job.home.online)
    tables(job)
    job.say("publishing to the online store")
    store.apply()
    return Published(store.materialize(job.now.at), len(job.cutoffs))


def tables(job: Job) -> None:
    """Write the feature tables of the job's cutoffs, unless they are there."""
    wanted, mark = _fingerprint(job), _mark(job.home)
    if mark.is_file() and json.loads(mark.read_text())["fingerprint"] == wanted:
        job.say("the features are up to date")
        return
    job.say(f"computing features at {len(job.cutoffs)} cutoffs")
    # Killed half way, the tables are of no day; a mark of another day must not vouch for them.
    mark.unlink(missing_ok=True)
    write_tables(job.history, job.description.events, job.cutoffs, job.home.features)
    replace_text(mark, json.dumps({"fingerprint": wanted, "as_of": job.as_of.isoformat()}))


def published_day(home: Home) -> date:
    """The day that the feature tables were last computed for.

    Raises:
        NothingThere: none were.
    """
    if not _mark(home).is_file():
        raise NothingThere(f"No features in {home.features}. Expected published ones: run `flywheel publish` first.")
    return date.fromisoformat(json.loads(_mark(home).read_text())["as_of"])


def mark(home: Home) -> str:
    """What tells one publishing of features from another."""
    return _mark(home).read_text() if _mark(home).is_file() else ""


def _mark(home: Home) -> Path:
    return home.features / "published.json"


def _fingerprint(job: Job) -> str:
    """Changes with the log, the description, the cutoffs and the features' own code."""
    facts = [str(read_manifest(job.home.history)), str([cutoff.day for cutoff in job.cutoffs]), str(job.views)]
    facts += [job.profiled.fingerprint, code_fingerprint(features)]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()
