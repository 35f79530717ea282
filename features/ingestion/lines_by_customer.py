"""Order lines by customer: the order lines of the history once more, sorted, so that those of one are read at once.

The file has few columns, and row groups of consecutive customer ids. A reader skips the row groups whose statistics
exclude the customer (predicate pushdown).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.errors import NotFound, StoreDamaged
from features.storage.file_identity import FileIdentity, identity_of
from features.views import CUSTOMER_ID

ORDERS_FILE, LINES_BY_CUSTOMER_FILE = "orders.parquet", "lines_by_customer.parquet"
LINE_COLUMNS = (CUSTOMER_ID, "order_id", "at_us", "day_number", "amount", "category")  # those that the shop has
ROW_GROUP_SIZE = 20_480  # lines: ten vectors of DuckDB


class LinesByCustomer:
    """Order lines by customer of one history; the footer of the file is parsed once for each version of the file.

    A history that an earlier version ingested has no sorted file: there all order lines are searched.
    """

    def __init__(self, history: Path) -> None:
        """Set the folder of the history; nothing is opened before the first read."""
        self._history = history
        self._footer: _Footer | None = None

    def read(self, customer_id: str) -> pa.Table:
        """The order lines of one customer, in no order, with those of ``LINE_COLUMNS`` that the shop has.

        Args:
            customer_id: in canonical form.

        Raises:
            NotFound: the folder has no ingested log.
            StoreDamaged: the file cannot be read.
        """
        if not (self._history / ORDERS_FILE).is_file():
            raise NotFound(f"No history in {self._history}. Expected an ingested log: run `flywheel ingest` first.")
        path = self._path
        try:
            with path.open("rb") as source:
                footer = self._footer
                if footer is None or footer.identity != identity_of(os.fstat(source.fileno())):
                    self._footer = footer = _Footer.of(source)
                return footer.read_lines(source, customer_id)
        except (OSError, pa.ArrowException) as error:
            raise StoreDamaged(
                f"Found {path} damaged ({error}); expected what `flywheel ingest` writes. Run it again."
            ) from None

    def poll(self) -> None:
        """Free the footer of a file that was replaced: it names customers, who may be erased since."""
        footer = self._footer
        if footer is not None and not (self._path.exists() and footer.identity == identity_of(self._path.stat())):
            self._footer = None

    @property
    def _path(self) -> Path:
        sorted_file = self._history / LINES_BY_CUSTOMER_FILE
        return sorted_file if sorted_file.is_file() else self._history / ORDERS_FILE


@dataclass(frozen=True)
class _Footer:
    """Footer of one version of the file: its metadata, its columns, and the smallest and largest id of row groups."""

    identity: FileIdentity
    metadata: pq.FileMetaData
    schema: pa.Schema  # of the columns that are read
    bounds: Sequence[tuple[str, str] | None]  # None for a row group without statistics

    @classmethod
    def of(cls, source: IO[bytes]) -> _Footer:
        """Parse the footer of an open file."""
        file = pq.ParquetFile(source)
        names = file.schema_arrow.names
        return cls(
            identity_of(os.fstat(source.fileno())),
            file.metadata,
            pa.schema([file.schema_arrow.field(name) for name in LINE_COLUMNS if name in names]),
            _bounds(file.metadata, names.index(CUSTOMER_ID)),
        )

    def read_lines(self, source: IO[bytes], customer_id: str) -> pa.Table:
        """The lines of a customer, read from one row group after the other; texts are compared by their codes."""
        texts = [field.name for field in self.schema if pa.types.is_string(field.type)]
        file = pq.ParquetFile(source, metadata=self.metadata, read_dictionary=texts)
        groups = [n for n, ends in enumerate(self.bounds) if ends is None or ends[0] <= customer_id <= ends[1]]
        rows = [_of_customer(file.read_row_group(n, self.schema.names, use_threads=False), customer_id) for n in groups]
        return pa.concat_tables([self.schema.empty_table(), *(each.cast(self.schema) for each in rows)])


def _of_customer(rows: pa.Table, customer_id: str) -> pa.Table:
    ids = rows[CUSTOMER_ID].combine_chunks()
    return rows.filter(pc.equal(ids.indices, pc.index(ids.dictionary, customer_id)))  # -1, which no row has, for none


def _bounds(metadata: pq.FileMetaData, column: int) -> list[tuple[str, str] | None]:
    """The smallest and the largest id of each row group; the order of texts is that of their UTF-8."""
    groups = [metadata.row_group(group).column(column).statistics for group in range(metadata.num_row_groups)]
    return [(each.min, each.max) if each is not None and each.has_min_max else None for each in groups]
