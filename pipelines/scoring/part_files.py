"""Part files: a table written in resumable parts; after a kill, the finished parts are not computed again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from features.storage.atomic_files import atomic_write, replace_text
from features.views import CUSTOMER_ID

_MANIFEST_FILE = "metadata.json"


@dataclass(frozen=True)
class PartFiles:
    """The parts of one table, in a hidden folder next to it until they are joined."""

    target: Path

    @property
    def folder(self) -> Path:
        """The folder of the parts."""
        return self.target.with_name(f".{self.target.name}.parts")

    def start_or_resume(self, manifest: Mapping[str, object]) -> None:
        """Keep the existing parts if their manifest is equal, and delete them otherwise."""
        text = json.dumps(manifest, sort_keys=True)
        marker = self.folder / _MANIFEST_FILE
        if not marker.is_file() or marker.read_text() != text:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir(parents=True)
            replace_text(marker, text)

    def has(self, part: int) -> bool:
        """Whether a part is written."""
        return self._path(part).is_file()

    def write(self, part: int, table: pa.Table) -> None:
        """Write a part atomically."""
        with atomic_write(self._path(part)) as temporary:
            pq.write_table(table, temporary)

    def read(self, count: int, columns: Sequence[str]) -> pa.Table:
        """Columns of all parts, one part after the other."""
        return pa.concat_tables(pq.read_table(self._path(part), columns=list(columns)) for part in range(count))

    def join(self, count: int, extra_columns: Callable[[int, int], pa.Table]) -> None:
        """Write all parts into the table, one after the other, replace it atomically, and delete the parts.

        Args:
            count: the number of parts.
            extra_columns: returns further columns of the rows from a start to before a stop.
        """
        writer, start = None, 0
        with atomic_write(self.target) as temporary, ExitStack() as open_files:
            for part in range(count):
                scored = pq.read_table(self._path(part))
                whole = _append_columns(scored, extra_columns(start, start + len(scored)))
                writer = writer or open_files.enter_context(table_writer(temporary, whole.schema))
                writer.write_table(whole)
                start += len(scored)
        shutil.rmtree(self.folder)

    def _path(self, part: int) -> Path:
        return self.folder / f"{part:06d}.parquet"


def table_writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """A writer that stores the ids, which all differ, without a dictionary, so that they are read in half the time."""
    encoded = [_leaf_path(field) for field in schema if field.name != CUSTOMER_ID]
    return pq.ParquetWriter(path, schema, use_dictionary=encoded)


def _leaf_path(field: pa.Field) -> str:
    """The path of the values of a column; a list has its own in parquet."""
    return f"{field.name}.list.element" if pa.types.is_list(field.type) else str(field.name)


def _append_columns(left: pa.Table, right: pa.Table) -> pa.Table:
    for name in right.column_names:
        left = left.append_column(name, right[name])
    return left.replace_schema_metadata({**(left.schema.metadata or {}), **(right.schema.metadata or {})})
