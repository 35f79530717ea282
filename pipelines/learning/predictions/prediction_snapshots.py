"""Prediction snapshots: what each scoring predicted, one compact file per day and release, until outcomes mature."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.calendar import micros
from features.consents.profiling_scope import ProfilingScope
from features.history import Cutoff
from features.storage.atomic_files import atomic_write
from features.storage.row_deletion import delete_rows
from pipelines.home import Home
from training.inference.release_manifest import ReleaseMetadata

DAILY_DAYS = 35  # every snapshot is kept for so long; of older weeks the first one alone
_NAME = re.compile(r"^(?P<day>\d{4}-\d{2}-\d{2})_(?P<release>.+)\.parquet$")
P_ORDER = "order_probability"


@dataclass(frozen=True, order=True)
class Snapshot:
    """The file of one snapshot."""

    day: date  # the local day that the predictions begin with
    release: str
    path: Path

    def read(self) -> pa.Table:
        """The predictions: customer_id, ``P_ORDER``, and ``expected_orders_*`` and ``spend_*`` by horizon."""
        return pq.read_table(self.path)

    @property
    def column_names(self) -> list[str]:
        """The names of the columns of ``read``."""
        return list(pq.read_schema(self.path).names)

    @property
    def churn_days(self) -> int:
        """The horizon of ``P_ORDER`` in days."""
        return int(pq.read_schema(self.path).metadata[b"churn_days"])

    @property
    def written_at(self) -> datetime:
        """When the scores were written, by the clock of the machine."""
        return datetime.fromisoformat(pq.read_schema(self.path).metadata[b"written_at"].decode())


def write_snapshot(home: Home, scores: Path, metadata: ReleaseMetadata, release: str, as_of: Cutoff) -> Path | None:
    """Keep what a table of scores predicts; None where the release was trained later, and so knew what came.

    Args:
        home: of the shop.
        scores: the table, of all customers.
        metadata: of the release that scored.
        release: its version.
        as_of: the instant that the predictions are for.
    """
    if metadata.as_of > micros(as_of.timestamp):
        return None
    names = [name for name in pq.read_schema(scores).names if _is_amount(name)]
    table = pq.read_table(scores, columns=["customer_id", "churn_probability", *names])
    table = table.filter(pc.is_valid(table["churn_probability"]))
    columns = {"customer_id": table["customer_id"], P_ORDER: pc.subtract(1.0, table["churn_probability"])}
    columns |= {_short_name(name): table[name] for name in names}
    compact = pa.table({name: _compact(values) for name, values in columns.items()})
    written_at = datetime.fromtimestamp(scores.stat().st_mtime, UTC)
    facts = {"churn_days": str(metadata.churn_days), "written_at": written_at.isoformat()}
    path = home.predictions / f"{as_of.day}_{release}.parquet"
    path.parent.mkdir(exist_ok=True)
    with atomic_write(path) as temporary:
        pq.write_table(compact.replace_schema_metadata(facts), temporary, compression="zstd")
    return path


def snapshots(home: Home) -> list[Snapshot]:
    """All snapshots of a home, the oldest first."""
    matches = ((_NAME.match(path.name), path) for path in home.predictions.glob("*.parquet"))
    return sorted(
        Snapshot(date.fromisoformat(match["day"]), match["release"], path) for match, path in matches if match
    )


def remove_withdrawn(home: Home, scope: ProfilingScope) -> int:
    """Remove the predictions of customers who may not be profiled any more; returns the number of removed rows."""
    return sum(delete_rows(snapshot.path, _excluded_customers(snapshot, scope)) for snapshot in snapshots(home))


def _excluded_customers(snapshot: Snapshot, scope: ProfilingScope) -> Sequence[str]:
    if scope.by_default:
        return scope.exception_ids
    customers = pq.read_table(snapshot.path, columns=["customer_id"])["customer_id"].to_pylist()
    return sorted({*customers} - {*scope.exception_ids})


def thin_out(home: Home, written_before: datetime) -> int:
    """Remove the snapshots that were written before an instant, and all but the first of each week that is not recent.

    Returns:
        the number of removed snapshots.
    """
    superfluous = list(_superfluous(snapshots(home), written_before))
    for snapshot in superfluous:
        snapshot.path.unlink(missing_ok=True)
    return len(superfluous)


def _superfluous(ordered: Sequence[Snapshot], written_before: datetime) -> Iterator[Snapshot]:
    weeks: set[tuple[str, int, int]] = set()
    recent = ordered[-1].day - timedelta(days=DAILY_DAYS) if ordered else date.min
    for snapshot in ordered:
        year, week, _ = snapshot.day.isocalendar()
        is_further_day = snapshot.day < recent and (snapshot.release, year, week) in weeks
        if is_further_day or snapshot.written_at < written_before:
            yield snapshot
        weeks.add((snapshot.release, year, week))


def _is_amount(name: str) -> bool:
    return re.fullmatch(r"expected_orders_\d+d|ltv_\d+d_(mean|p10|p90)", name) is not None


def _short_name(name: str) -> str:
    return re.sub(r"^ltv_(\d+d)_", r"spend_\1_", name)


def _compact(values: pa.ChunkedArray) -> pa.ChunkedArray:
    return values.cast(pa.float32()) if pa.types.is_floating(values.type) else values
