"""History tables: the parquet files of a home's history as columns that attribution needs (pyarrow alone)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.arrays import Floats, Integers
from features.views import CUSTOMER_ID

DAY_COLUMN, AT_COLUMN = "day_number", "at_us"


def read_days(path: Path, columns: Sequence[str], first_day: int, end_day: int) -> pa.Table | None:
    """The rows of a table on the local days ``[first_day, end_day)``, with those of the columns that it has.

    Returns None where there is no such table.
    """
    if not path.is_file():
        return None
    names = pq.read_schema(path).names
    days = [(DAY_COLUMN, ">=", first_day), (DAY_COLUMN, "<", end_day)]
    present = [name for name in (CUSTOMER_ID, AT_COLUMN, DAY_COLUMN, *columns) if name in names]
    return pq.read_table(path, columns=present, filters=days)


def count_days(path: Path, first_day: int, end_day: int) -> int:
    """The number of rows of a table on the local days ``[first_day, end_day)``; 0 where there is none."""
    if not path.is_file():
        return 0
    days = [(DAY_COLUMN, ">=", first_day), (DAY_COLUMN, "<", end_day)]
    return int(pq.read_table(path, columns=[DAY_COLUMN], filters=days).num_rows)


def day_range(path: Path) -> tuple[int, int] | None:
    """The first and the last local day of a table, by the statistics of its row groups; None without a row."""
    if not path.is_file():
        return None
    metadata = pq.read_metadata(path)
    position = metadata.schema.to_arrow_schema().names.index(DAY_COLUMN)
    groups = [metadata.row_group(group).column(position).statistics for group in range(metadata.num_row_groups)]
    known = [statistics for statistics in groups if statistics is not None and statistics.has_min_max]
    if len(known) < len(groups):  # written by another program
        days = pq.read_table(path, columns=[DAY_COLUMN])[DAY_COLUMN]
        return None if not len(days) else (pc.min(days).as_py(), pc.max(days).as_py())
    return (min(each.min for each in known), max(each.max for each in known)) if known else None


@dataclass(frozen=True)
class Words:
    """The different words of several columns, and their positions."""

    words: tuple[str, ...]  # ascending

    @classmethod
    def of(cls, *columns: pa.ChunkedArray | pa.Array) -> Words:
        """The words of columns of text."""
        words = {word for column in columns for word in pc.unique(column).to_pylist() if word is not None}
        return cls(tuple(sorted(words)))

    def positions(self, column: pa.ChunkedArray | pa.Array) -> Integers:
        """The position of each value, (n,), -1 for none."""
        return integers(pc.fill_null(pc.index_in(column, value_set=pa.array(self.words, pa.string())), -1))


def integers(column: pa.ChunkedArray | pa.Array) -> Integers:
    """A column without nulls as integers, (n,)."""
    values: Integers = column.to_numpy().astype(np.int64)
    return values


def floats(column: pa.ChunkedArray | pa.Array) -> Floats:
    """A column of numbers as floats, (n,), NaN for null."""
    values: Floats = pc.fill_null(pc.cast(column, pa.float64()), float("nan")).to_numpy().astype(np.float64)
    return values


def text_or(table: pa.Table, name: str, default: str) -> pa.ChunkedArray | pa.Array:
    """A column of text, with a word where there is none."""
    if name not in table.column_names:
        return pa.repeat(default, table.num_rows)
    return pc.fill_null(pc.cast(table[name], pa.string()), default)
