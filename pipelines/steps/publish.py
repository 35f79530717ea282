"""Publication step: computes features at every cutoff, registers them with Feast, and fills the online store."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import features
from features.calendar import micros
from features.errors import NotFound
from features.ingestion.manifest import read_manifest
from features.publication import Publication
from features.storage.atomic_files import replace_text
from features.storage.row_deletion import is_readable
from features.transformations.feature_tables import write_tables
from pipelines.home import Home
from pipelines.registration.code_fingerprint import code_fingerprint
from pipelines.run_context import RunContext
from pipelines.steps import topic_weeks
from serving.moments import rfc3339

# Feast ignores rows older than this in point-in-time joins; all joins are at published cutoffs.
TTL_DAYS = 400


@dataclass(frozen=True)
class PublishSummary:
    """Customers in the online store, cutoffs in the feature tables, and the end of the log."""

    customers: int
    cutoffs: int
    log_until: str  # the last order line before the cutoff, RFC 3339 in UTC


def run(context: RunContext) -> PublishSummary:
    """Register the features with Feast, and materialize those of the context's day into the online store."""
    from features.store.client import CustomerFeatures

    store = CustomerFeatures.open(context.home.folder, context.views, TTL_DAYS, context.home.online)
    for note in context.plausibility:
        context.report(f"{note.label}: {note.sentence}")
    context.write_log_report()
    ensure_feature_tables(context)
    context.report("publishing to the online store")
    store.apply()
    customers = store.materialize(context.now.timestamp, _publication(context))
    topic_weeks.run(context)
    return PublishSummary(customers, len(context.cutoffs), rfc3339(micros(context.silence.log_until)))


def _publication(context: RunContext) -> Publication:
    """What the service tells about the features and their log."""
    silence = context.silence
    return Publication(
        features_at=micros(context.now.timestamp),
        log_until=micros(silence.log_until),
        last_day=silence.last_day,
        longest_silence=silence.longest_before,
        usual_silence=silence.warn_after,
        silence_limit=silence.refuse_after,
        notes=context.plausibility,
    )


def ensure_feature_tables(context: RunContext) -> None:
    """Write the feature tables of the context's cutoffs, unless they are up to date (idempotent)."""
    fingerprint, marker = _features_fingerprint(context), _marker_path(context.home)
    tables = [context.home.features / f"{view.name}.parquet" for view in context.views]
    if _read_marker(context.home).get("fingerprint") == fingerprint and all(map(is_readable, tables)):
        context.report("the features are up to date")
        return
    context.report(f"computing features at {len(context.cutoffs)} cutoffs")
    # A killed run leaves incomplete tables, so the old marker is removed before they are written.
    marker.unlink(missing_ok=True)
    write_tables(context.history, context.config.events, context.cutoffs, context.home.features)
    replace_text(marker, json.dumps({"fingerprint": fingerprint, "as_of": context.as_of.isoformat()}))


def publication_day(home: Home) -> date:
    """Return the day that the feature tables were computed for.

    Raises:
        NotFound: no features were published.
    """
    day = home.published_day()
    if day is None:
        raise NotFound(
            f"Found no features in {home.features}. Expected published features: run `flywheel publish` first."
        )
    return day


def _read_marker(home: Home) -> dict[str, str]:
    """Return what the marker of the publication says; nothing where it is missing or damaged."""
    try:
        published: dict[str, str] = json.loads(_marker_path(home).read_text())
    except (OSError, ValueError):
        return {}
    return published


def publication_marker(home: Home) -> str:
    """Return text that identifies the current publication of features; empty without one."""
    return _marker_path(home).read_text() if _marker_path(home).is_file() else ""


def _marker_path(home: Home) -> Path:
    return home.publication


def _features_fingerprint(context: RunContext) -> str:
    """Return a hash that changes with log, config, cutoffs and feature code, but not with notes on the log."""
    manifest = read_manifest(context.home.history)
    inputs = [
        str(manifest and replace(manifest, notes=())),
        str([cutoff.day for cutoff in context.cutoffs]),
        str(context.views),
    ]
    inputs += [context.profiling_scope.fingerprint, code_fingerprint(features)]
    return hashlib.sha256(json.dumps(inputs).encode()).hexdigest()
