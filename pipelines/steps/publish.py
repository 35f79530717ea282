"""Compute every feature at every cutoff that is needed, tell Feast, and give today's to the online store."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import features
from features.errors import NotFound
from features.ingestion.ingest import read_manifest
from features.storage.atomic_files import replace_text
from features.transformations.feature_tables import write_tables
from pipelines.home import Home
from pipelines.registration.code_fingerprint import code_fingerprint
from pipelines.run_context import RunContext

# Older rows than this never answer a point-in-time question: every question is asked at a published cutoff.
TTL_DAYS = 400


@dataclass(frozen=True)
class PublishSummary:
    """What the online store holds."""

    customers: int
    cutoffs: int


def run(context: RunContext) -> PublishSummary:
    """Publish features as of the job's day, to Feast's catalogue and to the online store."""
    from features.store.client import CustomerFeatures

    store = CustomerFeatures.open(context.home.folder, context.views, TTL_DAYS, context.home.online)
    ensure_feature_tables(context)
    context.report("publishing to the online store")
    store.apply()
    return PublishSummary(store.materialize(context.now.timestamp), len(context.cutoffs))


def ensure_feature_tables(context: RunContext) -> None:
    """Write the feature tables of the job's cutoffs, unless they are there."""
    wanted, mark = _features_fingerprint(context), _marker_path(context.home)
    if mark.is_file() and json.loads(mark.read_text())["fingerprint"] == wanted:
        context.report("the features are up to date")
        return
    context.report(f"computing features at {len(context.cutoffs)} cutoffs")
    # Killed half way, the tables are of no day; a mark of another day must not vouch for them.
    mark.unlink(missing_ok=True)
    write_tables(context.history, context.config.events, context.cutoffs, context.home.features)
    replace_text(mark, json.dumps({"fingerprint": wanted, "as_of": context.as_of.isoformat()}))


def publication_day(home: Home) -> date:
    """The day that the feature tables were last computed for.

    Raises:
        NotFound: none were.
    """
    if not _marker_path(home).is_file():
        raise NotFound(f"No features in {home.features}. Expected published ones: run `flywheel publish` first.")
    return date.fromisoformat(json.loads(_marker_path(home).read_text())["as_of"])


def publication_marker(home: Home) -> str:
    """What tells one publishing of features from another."""
    return _marker_path(home).read_text() if _marker_path(home).is_file() else ""


def _marker_path(home: Home) -> Path:
    return home.features / "published.json"


def _features_fingerprint(context: RunContext) -> str:
    """Changes with the log, the description, the cutoffs and the features' own code."""
    facts = [
        str(read_manifest(context.home.history)),
        str([cutoff.day for cutoff in context.cutoffs]),
        str(context.views),
    ]
    facts += [context.profiling_scope.fingerprint, code_fingerprint(features)]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()
