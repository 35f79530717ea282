"""Every known customer's predictions in one table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from features.calendar import micros
from features.errors import FlywheelError, NothingThere
from features.history import Cutoff
from features.packed.arrow import stored
from pipelines import publish
from pipelines.home import Home
from pipelines.table import scores_table
from serving.scorer import score
from training.predict.release import CorruptRelease, Release

BATCH = 20_000
_INSTANT = pa.timestamp("us", tz="UTC")


class CannotScore(FlywheelError):
    """The champion is damaged, or was trained on other features than those published."""


@dataclass(frozen=True)
class Scored:
    """What was written, and where."""

    path: Path
    customers: int
    release: str
    without_amounts: bool


def run(home: Home, as_of: Cutoff, say: Callable[[str], None], out: Path | None = None) -> Scored:
    """Score everybody known at the cutoff with the champion, and replace the table whole.

    Raises:
        NothingThere: no champion, or no features at that cutoff.
        CannotScore: the champion cannot answer from these features.
    """
    release = champion(home)
    customers = _known(home, as_of)
    _refuse_other_columns(home, release)
    target = (out or home.scores).resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.tmp")
    try:
        _write(_scored(home, release, customers, as_of), draft, len(customers), say)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    return Scored(target, len(customers), release.version, not release.facts.has_amounts)


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


def _known(home: Home, as_of: Cutoff) -> list[str]:
    path = home.features / "transactions.parquet"
    if not path.is_file():
        raise NothingThere(f"No features in {home.features}. Expected published ones: run `flywheel publish` first.")
    at = pa.scalar(as_of.at, _INSTANT)
    known = ds.dataset(path).to_table(columns=["customer_id"], filter=pc.field("event_timestamp") == at)
    if known.num_rows == 0:
        raise NothingThere(
            f"The published features have nobody at {as_of.day}. Expected features of that day: "
            f"run `flywheel publish --as-of {as_of.day}` first."
        )
    return sorted(known["customer_id"].to_pylist())


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


def _scored(home: Home, release: Release, customers: Sequence[str], as_of: Cutoff) -> Iterator[pa.Table]:
    from features.store import CustomerFeatures

    store, instant = CustomerFeatures.open(home.folder, release.views, publish.TTL_DAYS), micros(as_of.at)
    for start in range(0, len(customers), BATCH):
        some = pa.array(customers[start : start + BATCH], pa.string())
        at = pa.array(np.full(len(some), instant, dtype=np.int64)).cast(_INSTANT)
        asked = pa.table({"customer_id": some, "event_timestamp": at})
        found = stored(store.as_of(asked), release.views)
        yield scores_table(score(release, found, instant), found)


def _write(tables: Iterator[pa.Table], path: Path, customers: int, say: Callable[[str], None]) -> None:
    first, written = next(tables), 0
    with pq.ParquetWriter(path, first.schema) as writer:
        for table in chain([first], tables):
            writer.write_table(table)
            written += table.num_rows
            say(f"scored {written:,} of {customers:,} customers")
