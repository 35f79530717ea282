"""Batch scoring: predicts every known customer in chunks on all cores, resumable, into one table."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from features.calendar import micros
from features.config.shop import ShopConfig
from features.consents.consent import PROFILING
from features.errors import FlywheelError, NotFound
from features.history import Cutoff, History
from features.store.snapshot_reader import SnapshotReader
from pipelines.home import Home
from pipelines.learning.predictions.prediction_snapshots import remove_withdrawn, write_snapshot
from pipelines.run_context import RunContext
from pipelines.scoring.column_catalogue import describe_columns
from pipelines.scoring.consent_columns import ConsentColumns, consented_customers
from pipelines.scoring.extra_columns import ExtraColumns
from pipelines.scoring.feedback_columns import feedback_columns
from pipelines.scoring.part_files import PartFiles
from pipelines.scoring.preference_columns import compute_preferences
from pipelines.scoring.price_sensitivity import (
    UPLIFT_COLUMNS,
    price_sensitivity_columns,
    teaches_price_sensitivity,
)
from pipelines.scoring.scores_schema import scores_table
from pipelines.scoring.segment_columns import ScoredPopulation, assign_segments
from pipelines.scoring.segment_sizes import record_segment_sizes
from pipelines.steps import publish
from serving.audiences.query.column_descriptions import description_metadata
from serving.moments import rfc3339
from serving.observability.audit_log import COMMAND_LINE, EXPORT, AuditLog
from serving.predictions.scorer import score
from training.inference.answers.answer import Horizons
from training.inference.release import Release
from training.inference.release_errors import CorruptRelease, OtherFormat
from training.models import load_release

CHUNK_SIZE = 10_000  # customers in a part of the table
MIN_PARTS_PER_PROCESS = 3  # with fewer parts, starting a process takes longer than scoring


class ReleaseNotScorable(FlywheelError):
    """The champion is damaged, or needs features that are not published."""


@dataclass(frozen=True)
class ScoreSummary:
    """Path and size of the scores table, the release that made it, and the end of the log that it knows."""

    path: Path
    customers: int
    release: str
    without_amounts: bool
    log_until: str  # the last order line before the cutoff, RFC 3339 in UTC


@dataclass(frozen=True)
class _ScoringTask:
    """The parameters of every chunk; small, because they are sent to other processes."""

    home: Path
    version: str
    cutoff_us: int  # the cutoff, microseconds since 1970 UTC
    target: Path
    log_until_us: int  # the last order line before the cutoff, microseconds since 1970 UTC


def run(
    config: ShopConfig,
    home: Home,
    as_of: Cutoff,
    report: Callable[[str], None],
    out: Path | None = None,
    consents_at: datetime | None = None,
) -> ScoreSummary:
    """Score all customers known at the cutoff with the champion, assign segments, and replace the table atomically.

    Customers without consent to profiling at ``consents_at`` (default: the cutoff) are excluded. Memory holds one chunk
    per core, and a few numbers per customer. After a kill, finished chunks are reused as long as champion, features,
    customers and cutoff are the same.

    Raises:
        NotFound: no champion, no features at that cutoff, no history, or no customer who may be scored.
        ReleaseNotScorable: the champion cannot predict from these features.
        SegmentsNotComputable: the champion lacks predictions that the segments need.
    """
    release = load_champion(home)
    target = (out or home.scores).resolve()
    log_until_us = micros(RunContext(config, home, as_of.day, report, consents_at=consents_at).silence.log_until)
    task = _ScoringTask(home.folder.resolve(), release.version, micros(as_of.timestamp), target, log_until_us)
    ledger, now = home.ledger(), micros(consents_at or as_of.timestamp)
    consent_columns, profiling_scope = ConsentColumns.from_ledger(ledger, now), ledger.profiling_scope(now)
    customers = consented_customers(_known_customers(home, release, as_of), ledger, profiling_scope)
    population = ScoredPopulation.from_release(release, home, config, as_of, customers)
    required_columns = population.required_columns
    target.parent.mkdir(parents=True, exist_ok=True)
    count = _write_parts(task, customers, publish.publication_marker(home), report)
    report("assigning segments")
    segments = assign_segments(population, PartFiles(target).read(count, required_columns))
    report("computing preferences")
    preferences = compute_preferences(
        config, History.open(home.history).restrict_to_scope(profiling_scope), as_of, customers
    )
    columns = {**preferences.columns, **feedback_columns(config, home, as_of, customers)}
    if (taught := release.metadata.uplift) is not None and teaches_price_sensitivity(taught):
        columns |= price_sensitivity_columns(taught, PartFiles(target).read(count, UPLIFT_COLUMNS))
    if target != home.scores.resolve():
        _audit_export(home, now, len(customers), consent_columns)
    horizons = Horizons(churn_days=release.metadata.churn_days, ltv_days=release.metadata.ltv_days)
    described = describe_columns(horizons, tuple(config.business.segments), has_feedback=config.feedback is not None)
    descriptions = description_metadata(described)
    PartFiles(target).join(count, ExtraColumns(segments, columns, consent_columns, customers, descriptions).table)
    if target == home.scores.resolve():
        write_snapshot(home, target, release.metadata, release.version, as_of)
        remove_withdrawn(home, profiling_scope)
        record_segment_sizes(home, as_of.day, now)
    without_amounts = not release.metadata.has_amounts
    return ScoreSummary(target, len(customers), release.version, without_amounts, rfc3339(log_until_us))


def _audit_export(home: Home, timestamp_us: int, customers: int, consent_columns: ConsentColumns) -> None:
    """Record in the audit log that a table was written outside the home."""
    details = {"format": "parquet", "members": customers, "consent_state": str(consent_columns.consent_snapshot.state)}
    AuditLog.open(home.folder).append(EXPORT, COMMAND_LINE, timestamp_us, purpose=PROFILING, **details)


def load_champion(home: Home) -> Release:
    """Load the champion's release files.

    Raises:
        NotFound: there is no champion.
        ReleaseNotScorable: its files differ from those that were registered.
    """
    version = home.required_champion()
    try:
        return load_release(home.releases / version)
    except OtherFormat as error:
        raise ReleaseNotScorable(str(error)) from None
    except CorruptRelease as error:
        raise ReleaseNotScorable(f"{error} `flywheel promote --version {version}` fetches it.") from None


def _known_customers(home: Home, release: Release, as_of: Cutoff) -> pa.Array:
    if not (home.features / f"{release.views[0].name}.parquet").is_file():
        raise NotFound(
            f"Found no features in {home.features}. Expected published features: run `flywheel publish` first."
        )
    _check_feature_columns(home, release)
    customers = SnapshotReader(home.features, release.views, micros(as_of.timestamp)).customer_ids()
    if len(customers) == 0:
        raise NotFound(
            f"The published features have no customer at {as_of.day}. Expected features of that day: "
            f"run `flywheel publish --as-of {as_of.day}` first."
        )
    return customers


def _check_feature_columns(home: Home, release: Release) -> None:
    for view in release.views:
        path = home.features / f"{view.name}.parquet"
        published = pq.read_schema(path).names if path.is_file() else []
        missing = [column.name for column in view.columns if column.name not in published]
        if missing:
            raise ReleaseNotScorable(
                f"Release {release.version} needs {', '.join(missing)} of the view {view.name!r}, which the published "
                "features do not have. Expected a champion trained with the current flywheel.toml: run "
                "`flywheel train`, then `flywheel promote`."
            )


def _write_parts(
    task: _ScoringTask, customers: pa.Array, publication_marker: str, report: Callable[[str], None]
) -> int:
    """Score the chunks that have no part file yet; return the number of parts."""
    slices = [customers[start : start + CHUNK_SIZE] for start in range(0, len(customers), CHUNK_SIZE)]
    part_files = PartFiles(task.target)
    customers_digest = hashlib.sha256("\0".join(customers.to_pylist()).encode("utf-8", "surrogatepass")).hexdigest()
    part_files.start_or_resume(
        {
            "release": task.version,
            "at": task.cutoff_us,
            "log_until": task.log_until_us,
            "features": publication_marker,
            "slice": CHUNK_SIZE,
            "customers": customers_digest,
        }
    )
    missing = [part for part in range(len(slices)) if not part_files.has(part)]
    if len(missing) < len(slices):
        report(f"{len(slices) - len(missing)} of {len(slices)} parts were already scored")
    scored = len(slices) - len(missing)
    for _ in _score_parts(task, [(part, slices[part]) for part in missing]):
        scored += 1
        report(f"scored {min(scored * CHUNK_SIZE, len(customers)):,} of {len(customers):,} customers")
    return len(slices)


def _score_parts(task: _ScoringTask, chunks: Sequence[tuple[int, pa.Array]]) -> Iterator[None]:
    """Score the chunks in one process per core; yield once per finished chunk."""
    cores = min(os.cpu_count() or 1, len(chunks) // MIN_PARTS_PER_PROCESS)
    if cores <= 1:
        for part, customers in chunks:
            _score_part(task, part, customers)
            yield
        return
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_score_part, [task] * len(chunks), *zip(*chunks, strict=True))


def _score_part(task: _ScoringTask, part: int, customers: pa.Array) -> None:
    release = _load_release(task.home, task.version)
    features = SnapshotReader(Home(task.home).features, release.views, task.cutoff_us).read(customers)
    scores = score(release, features, task.cutoff_us, task.log_until_us)
    PartFiles(task.target).write(part, scores_table(scores, features))


@lru_cache(maxsize=1)
def _load_release(home: Path, version: str) -> Release:
    return load_release(Home(home).releases / version)
