"""Every known customer's predictions in one table."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from features.calendar import micros
from features.errors import NothingThere
from features.history import Cutoff
from features.packed.arrow import stored
from pipelines import publish
from pipelines.home import Home
from pipelines.table import scores_table
from serving.scorer import score
from training.predict.release import Release

BATCH = 20_000


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
    """
    release = champion(home)
    customers = _known(home, as_of)
    target = (out or home.scores).resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.tmp")
    written = 0
    writer: pq.ParquetWriter | None = None
    for start in range(0, len(customers), BATCH):
        table = _scored(home, release, customers[start : start + BATCH], as_of)
        writer = writer or pq.ParquetWriter(draft, table.schema)
        writer.write_table(table)
        written += table.num_rows
        say(f"scored {written:,} of {len(customers):,} customers")
    assert writer is not None
    writer.close()
    os.replace(draft, target)
    return Scored(target, written, release.version, not release.facts.has_amounts)


def champion(home: Home) -> Release:
    """The release that serves.

    Raises:
        NothingThere: none does.
    """
    version = home.champion()
    if version is None:
        raise NothingThere(f"No release serves in {home.folder}. Expected a champion: run `flywheel run` first.")
    return Release.load(home.releases / version)


def _known(home: Home, as_of: Cutoff) -> list[str]:
    path = home.features / "transactions.parquet"
    if not path.is_file():
        raise NothingThere(f"No features in {home.features}. Expected published ones: run `flywheel publish` first.")
    at = pa.scalar(as_of.at, pa.timestamp("us", tz="UTC"))
    known = ds.dataset(path).to_table(columns=["customer_id"], filter=pc.field("event_timestamp") == at)
    if known.num_rows == 0:
        raise NothingThere(
            f"The published features have nobody at {as_of.day}. Expected features of that day: "
            f"run `flywheel publish --as-of {as_of.day}` first."
        )
    return sorted(known["customer_id"].to_pylist())


def _scored(home: Home, release: Release, customers: list[str], as_of: Cutoff) -> pa.Table:
    from features.store import CustomerFeatures  # noqa: PLC0415 -- Feast takes seconds to import

    store = CustomerFeatures.open(home.folder, release.views, publish.TTL_DAYS)
    at = pa.array(np.full(len(customers), micros(as_of.at), dtype=np.int64)).cast(pa.timestamp("us", tz="UTC"))
    asked = pa.table({"customer_id": pa.array(customers, pa.string()), "event_timestamp": at})
    found = stored(store.as_of(asked), release.views)
    return scores_table(score(release, found, micros(as_of.at)), found, release)

