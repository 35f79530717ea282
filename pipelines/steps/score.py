"""Every known customer's predictions in one table: a slice at a time, on all cores, taken up where it was left."""

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
from features.config.shop import Description
from features.consents.consent import PROFILING
from features.errors import FlywheelError, NothingThere
from features.history import Cutoff, History
from features.store.snapshot_reader import Published
from pipelines.home import Home
from pipelines.scoring.consent_columns import Consented, scorable
from pipelines.scoring.extra_columns import Beside
from pipelines.scoring.part_files import Parts
from pipelines.scoring.preference_columns import habits
from pipelines.scoring.scores_schema import scores_table
from pipelines.scoring.segment_columns import Population, segments
from pipelines.steps import publish
from serving.observability.audit_log import COMMAND_LINE, EXPORT, Audit
from serving.predictions.scorer import score
from training.inference.release import CorruptRelease, Release

SLICE = 10_000  # customers in a part of the table
ALONE = 3  # parts up to which other processes would take longer to start than to score


class CannotScore(FlywheelError):
    """The champion is damaged, or was trained on other features than those published."""


@dataclass(frozen=True)
class Scored:
    """What was written, and where."""

    path: Path
    customers: int
    release: str
    without_amounts: bool


@dataclass(frozen=True)
class _Work:
    """What every slice is scored with; small, for it goes to other processes."""

    home: Path
    version: str
    at: int  # the cutoff, microseconds since 1970 UTC
    target: Path


def run(
    description: Description,
    home: Home,
    as_of: Cutoff,
    say: Callable[[str], None],
    out: Path | None = None,
    at: datetime | None = None,
) -> Scored:
    """Score everybody known at the cutoff with the champion, sort them into segments, and replace the table whole.

    Whoever does not consent to profiling at the instant ``at``, by default the cutoff, is left out. Memory holds a
    slice for each core, and a few numbers of every customer. After a kill the slices that were done are not done again,
    as long as champion, features, customers and cutoff are the same.

    Raises:
        NothingThere: no champion, no features at that cutoff, no history, or nobody who may be scored.
        CannotScore: the champion cannot answer from these features.
        CannotTarget: it does not predict what the segments are made of.
    """
    release = champion(home)
    target = (out or home.scores).resolve()
    work = _Work(home.folder.resolve(), release.version, micros(as_of.at), target)
    ledger, now = home.ledger(), micros(at or as_of.at)
    consented, profiled = Consented.of(ledger, now), ledger.profiled(now)
    customers = scorable(_known(home, release, as_of), ledger, profiled)
    population = Population.of(release, home, description, as_of, customers)
    needed = population.needed
    target.parent.mkdir(parents=True, exist_ok=True)
    count = _write_parts(work, customers, publish.mark(home), say)
    say("sorting them into segments")
    sorted_into = segments(population, Parts(target).read(count, needed))
    say("learning when, where and with what to reach them")
    reached = habits(description, History.open(home.history).of(profiled), as_of, customers)
    if target != home.scores.resolve():
        _audited(home, now, len(customers), consented)
    Parts(target).join(count, Beside(sorted_into, reached.columns, consented, customers).table)
    return Scored(target, len(customers), release.version, not release.facts.has_amounts)


def _audited(home: Home, at: int, customers: int, consented: Consented) -> None:
    """A table that leaves the home is an export."""
    said = {"format": "parquet", "members": customers, "consent_state": str(consented.basis.state)}
    Audit.open(home.folder).note(EXPORT, COMMAND_LINE, at, purpose=PROFILING, **said)


def champion(home: Home) -> Release:
    """The release that serves.

    Raises:
        NothingThere: none does.
        CannotScore: its files are not those that were registered.
    """
    version = home.champion()
    if version is None:
        raise NothingThere(f"No release serves in {home.folder}. Expected a champion: run `flywheel run` first.")
    try:
        return Release.load(home.releases / version)
    except CorruptRelease as error:
        raise CannotScore(f"{error} `flywheel promote --version {version}` fetches it.") from None


def _known(home: Home, release: Release, as_of: Cutoff) -> pa.Array:
    if not (home.features / f"{release.views[0].name}.parquet").is_file():
        raise NothingThere(f"No features in {home.features}. Expected published ones: run `flywheel publish` first.")
    _refuse_other_columns(home, release)
    known = Published(home.features, release.views, micros(as_of.at)).customers()
    if len(known) == 0:
        raise NothingThere(
            f"The published features have nobody at {as_of.day}. Expected features of that day: "
            f"run `flywheel publish --as-of {as_of.day}` first."
        )
    return known


def _refuse_other_columns(home: Home, release: Release) -> None:
    for view in release.views:
        path = home.features / f"{view.name}.parquet"
        published = pq.read_schema(path).names if path.is_file() else []
        missing = [column.name for column in view.columns if column.name not in published]
        if missing:
            raise CannotScore(
                f"Release {release.version} needs {', '.join(missing)} of the view {view.name!r}, which the published "
                "features do not have. Expected a champion trained on what flywheel.toml says now: `flywheel train`, "
                "then `flywheel promote`."
            )


def _write_parts(work: _Work, customers: pa.Array, features: str, say: Callable[[str], None]) -> int:
    """Score what was not scored before; how many parts there are."""
    slices = [customers[start : start + SLICE] for start in range(0, len(customers), SLICE)]
    parts = Parts(work.target)
    whom = hashlib.sha256("\0".join(customers.to_pylist()).encode("utf-8", "surrogatepass")).hexdigest()
    parts.begin({"release": work.version, "at": work.at, "features": features, "slice": SLICE, "customers": whom})
    missing = [part for part in range(len(slices)) if not parts.has(part)]
    if len(missing) < len(slices):
        say(f"{len(slices) - len(missing)} of {len(slices)} parts were scored before")
    done = len(slices) - len(missing)
    for _ in _scored(work, [(part, slices[part]) for part in missing]):
        done += 1
        say(f"scored {min(done * SLICE, len(customers)):,} of {len(customers):,} customers")
    return len(slices)


def _scored(work: _Work, slices: Sequence[tuple[int, pa.Array]]) -> Iterator[None]:
    """Score the slices, as many at once as there are cores; one item for each that is done."""
    cores = min(os.cpu_count() or 1, len(slices) // ALONE)
    if cores <= 1:
        for part, customers in slices:
            _score(work, part, customers)
            yield
        return
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_score, [work] * len(slices), *zip(*slices, strict=True))


def _score(work: _Work, part: int, customers: pa.Array) -> None:
    release = _release(work.home, work.version)
    found = Published(Home(work.home).features, release.views, work.at).of(customers)
    Parts(work.target).write(part, scores_table(score(release, found, work.at), found))


@lru_cache(maxsize=1)
def _release(home: Path, version: str) -> Release:
    return Release.load(Home(home).releases / version)
