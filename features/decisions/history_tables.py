"""History tables of the decision log: ``decisions``, ``exposures`` and ``outcomes`` beside the log of the shop.

Each row has the customer, so that an erasure deletes it as it does in every other table. Times are microseconds since
1970 UTC, in columns that end in ``_us``. The order of the rows is that of their keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from features.decisions.records import Decision, Exposure, OutcomeEvent
from features.errors import StoreDamaged
from features.storage.atomic_files import atomic_write
from features.views import CUSTOMER_ID

_TEXT, _NUMBER, _INSTANT = pa.string(), pa.float64(), pa.int64()


@dataclass(frozen=True)
class HistoryTable:
    """A table: its schema, its key, and which of two rows with one key stands."""

    name: str
    schema: pa.Schema
    key: tuple[str, ...]
    order: tuple[str, str]  # the first row in this order stands, such as ("recorded_at_us", "descending")

    def build(self, records: Sequence[Decision | Exposure | OutcomeEvent], customers: Mapping[str, str]) -> pa.Table:
        """The rows of records; ``customers`` has the customer of each decision."""
        columns = {}
        for field in self.schema:
            name = field.name.removesuffix("_us")
            values = [getattr(record, name, None) for record in records]
            if name == CUSTOMER_ID:
                values = [
                    customers[str(record.decision_id)] if value is None else value
                    for record, value in zip(records, values, strict=True)
                ]
            columns[field.name] = pa.array(values, field.type)
        return pa.table(columns, schema=self.schema)

    def read(self, folder: Path) -> pa.Table:
        """The rows in a folder; none where there is no such table.

        Raises:
            StoreDamaged: the file cannot be read.
        """
        path = folder / f"{self.name}.parquet"
        if not path.is_file():
            return self.schema.empty_table()
        try:
            return pq.read_table(path, columns=self.schema.names).cast(self.schema)
        except (pa.ArrowException, OSError) as error:
            raise StoreDamaged(
                f"Found {path} damaged ({error}); expected the table as Flywheel wrote it. Restore it from a backup, "
                "or remove it: what the decision log still holds comes back."
            ) from None

    def write(self, folder: Path, table: pa.Table) -> None:
        """Replace the table in a folder."""
        with atomic_write(folder / f"{self.name}.parquet") as temporary:
            pq.write_table(table.combine_chunks(), temporary)

    def merge(self, tables: Sequence[pa.Table]) -> pa.Table:
        """One row for each key, sorted by key."""
        both = pa.concat_tables(tables)
        if not len(both):
            return both
        both = both.sort_by([*((name, "ascending") for name in self.key), self.order])
        is_first = np.zeros(len(both), np.bool_)
        is_first[0] = True
        for name in self.key:
            codes = both[name].combine_chunks().dictionary_encode().indices.to_numpy()
            is_first[1:] |= codes[1:] != codes[:-1]
        return both.filter(pa.array(is_first))


DECISIONS_TABLE = HistoryTable(
    "decisions",
    pa.schema(
        [
            ("decision_id", _TEXT), ("experiment_id", _TEXT), ("epoch", pa.int64()), (CUSTOMER_ID, _TEXT),
            ("decided_at_us", _INSTANT), ("arm", _TEXT), ("probabilities", pa.list_(_NUMBER)), ("probability", _NUMBER),
            ("reason", _TEXT), ("segment", _TEXT), ("prediction_id", _TEXT), ("release", _TEXT),
            ("predicted_orders", _NUMBER), ("predicted_spend", _NUMBER), ("audience_id", _TEXT),
        ]
    ),
    key=("decision_id",),
    order=("decided_at_us", "ascending"),
)  # fmt: skip
EXPOSURES_TABLE = HistoryTable(
    "exposures",
    pa.schema([("decision_id", _TEXT), (CUSTOMER_ID, _TEXT), ("state", _TEXT), ("at_us", _INSTANT), ("cost", _NUMBER)]),
    key=("decision_id", "state", "at_us"),
    order=("cost", "ascending"),
)
OUTCOMES_TABLE = HistoryTable(
    "outcomes",
    pa.schema(
        [
            ("outcome_id", _TEXT), ("kind", _TEXT), ("happened_at_us", _INSTANT), ("recorded_at_us", _INSTANT),
            (CUSTOMER_ID, _TEXT), ("decision_id", _TEXT), ("value", _NUMBER),
        ]
    ),
    key=("outcome_id",),
    order=("recorded_at_us", "descending"),
)  # fmt: skip
HISTORY_TABLES = (DECISIONS_TABLE, EXPOSURES_TABLE, OUTCOMES_TABLE)


def read_decisions(folder: Path) -> Iterator[Decision]:
    """The decisions in the history."""
    for row in DECISIONS_TABLE.read(folder).to_pylist():
        fields = _without_units(row)
        yield Decision(**{**fields, "probabilities": tuple(fields["probabilities"])})


def read_exposures(folder: Path) -> Iterator[Exposure]:
    """The exposures in the history."""
    for row in EXPOSURES_TABLE.read(folder).drop_columns([CUSTOMER_ID]).to_pylist():
        yield Exposure(**_without_units(row))


def read_outcomes(folder: Path) -> Iterator[OutcomeEvent]:
    """The outcomes in the history, with their customers."""
    for row in OUTCOMES_TABLE.read(folder).to_pylist():
        yield OutcomeEvent(**_without_units(row))


def _without_units(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name.removesuffix("_us"): value for name, value in row.items()}
