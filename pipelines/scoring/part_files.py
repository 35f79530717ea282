"""A table written part by part: killed half way, the parts that are whole are there the next time."""

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

_MANIFEST_FILE = "metadata.json"


@dataclass(frozen=True)
class PartFiles:
    """The parts of one table, in a hidden folder beside it until they are joined."""

    target: Path

    @property
    def folder(self) -> Path:
        """Where they are kept."""
        return self.target.with_name(f".{self.target.name}.parts")

    def start_or_resume(self, manifest: Mapping[str, object]) -> None:
        """Keep the parts that are there if they are of the same table, and throw away any others."""
        said = json.dumps(manifest, sort_keys=True)
        mark = self.folder / _MANIFEST_FILE
        if not mark.is_file() or mark.read_text() != said:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir(parents=True)
            replace_text(mark, said)

    def has(self, part: int) -> bool:
        """Whether a part is there, whole."""
        return self._path(part).is_file()

    def write(self, part: int, table: pa.Table) -> None:
        """Keep a part; it is there whole, or not at all."""
        with atomic_write(self._path(part)) as temporary:
            pq.write_table(table, temporary)

    def read(self, count: int, columns: Sequence[str]) -> pa.Table:
        """Some columns of all parts, one after the other."""
        return pa.concat_tables(pq.read_table(self._path(part), columns=list(columns)) for part in range(count))

    def join(self, count: int, extra_columns: Callable[[int, int], pa.Table]) -> None:
        """Put all parts into the table, one after the other, replace it whole, and let the parts go.

        Args:
            count: of the parts.
            extra_columns: further columns, of the rows from one place to before another.
        """
        writer, begun = None, 0
        with atomic_write(self.target) as temporary, ExitStack() as open_files:
            for part in range(count):
                scored = pq.read_table(self._path(part))
                whole = _append_columns(scored, extra_columns(begun, begun + len(scored)))
                writer = writer or open_files.enter_context(pq.ParquetWriter(temporary, whole.schema))
                writer.write_table(whole)
                begun += len(scored)
        shutil.rmtree(self.folder)

    def _path(self, part: int) -> Path:
        return self.folder / f"{part:06d}.parquet"


def _append_columns(left: pa.Table, right: pa.Table) -> pa.Table:
    for name in right.column_names:
        left = left.append_column(name, right[name])
    return left.replace_schema_metadata({**(left.schema.metadata or {}), **(right.schema.metadata or {})})
