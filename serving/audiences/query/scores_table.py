"""What does the scores table say? One version of the file, of which only the columns asked for are read, once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Lock

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.arrays import Booleans
from serving.audiences.errors import InvalidScores
from serving.audiences.query.column_store import Column, NumericColumn, OpaqueColumn
from serving.audiences.query.column_types import COMPARABLE_KINDS, ColumnKind, ColumnType
from serving.audiences.query.text_columns import DictionaryColumn, IdColumn, ListColumn

ID_COLUMN = "customer_id"
_INSTANT = pa.timestamp("us", tz="UTC")

FileIdentity = tuple[int, int, int, int]  # device, inode, nanoseconds of the last change, bytes


class Columns:
    """The columns of one version of the table; threads may share it, and it outlives the file's replacement."""

    def __init__(self, path: Path, identity: FileIdentity) -> None:
        self.path = path
        self.identity = identity
        self._file = _open_parquet(path)
        self.schema: pa.Schema = self._file.schema_arrow
        self.rows: int = self._file.metadata.num_rows
        self.column_types = {field.name: ColumnType.from_arrow(field.type) for field in self.schema}
        self._loaded_columns: dict[str, Column] = {}
        self._read_lock = Lock()
        if self.column_types.get(ID_COLUMN) != ColumnType(ColumnKind.TEXT):
            raise _invalid_scores(path, f"its {ID_COLUMN} is {self.column_types.get(ID_COLUMN, 'missing')}, not text")

    def __len__(self) -> int:
        return self.rows

    def __contains__(self, name: str) -> bool:
        return name in self.column_types

    def __getitem__(self, name: str) -> Column:
        """A column, read at first use; raises KeyError for one that the table does not have."""
        with self._read_lock:
            if name not in self._loaded_columns:
                self._loaded_columns[name] = self._read(name)
            return self._loaded_columns[name]

    @property
    def ids(self) -> pa.StringArray:
        """The customers, ascending."""
        return self[ID_COLUMN].values  # type: ignore[attr-defined]

    def customer_mask(self, customer_ids: Sequence[str]) -> Booleans:
        """Which rows are those of some customers, (customers,)."""
        held = self[ID_COLUMN]
        return held.is_in(customer_ids) if isinstance(held, IdColumn) else np.zeros(len(self), np.bool_)

    @property
    def nbytes(self) -> int:
        """The memory that the columns read so far take."""
        return sum(held.nbytes for held in list(self._loaded_columns.values()))

    def _read(self, name: str) -> Column:
        try:
            values = self._file.read(columns=[self.schema.field(name).name]).column(0).combine_chunks()
        except (OSError, pa.ArrowInvalid) as error:
            raise _invalid_scores(self.path, f"its {name} cannot be read ({error})") from None
        return self._id_column(values) if name == ID_COLUMN else column_from_arrow(values)

    def _id_column(self, values: pa.Array) -> IdColumn:
        ascending = pc.all(pc.less(values[:-1], values[1:]), min_count=0)
        if values.null_count or not ascending.as_py():
            raise _invalid_scores(self.path, f"its {ID_COLUMN} is null, repeated or not ascending somewhere")
        return IdColumn(values.cast(pa.string()))


class ScoresFile:
    """The scores table, whichever version of it is there; an older one is forgotten when nobody reads it any more."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._columns: Columns | None = None
        self._open_lock = Lock()

    def columns(self) -> Columns:
        """The version that is there now.

        Raises:
            InvalidScores: there is none, or the file is no scores table.
        """
        with self._open_lock:
            while self._columns is None or self._columns.identity != file_identity(self._path):
                self._columns = None
                self._columns = Columns(self._path, file_identity(self._path))
            return self._columns


def file_identity(path: Path) -> FileIdentity:
    """What changes when the file is replaced; raises InvalidScores when there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        raise InvalidScores(f"There is no scores table in {path}. Run `flywheel score` first.") from None
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size


def column_from_arrow(values: pa.Array) -> Column:
    """An Arrow column as it is compared: NaN is null, dates are days, instants microseconds."""
    typed = ColumnType.from_arrow(values.type)
    if typed.kind is ColumnKind.TEXT:
        return DictionaryColumn.from_arrow(values)
    if typed.kind is ColumnKind.LIST and typed.members in COMPARABLE_KINDS:
        members = column_from_arrow(values.flatten())
        return ListColumn(values, members, pc.list_parent_indices(values).to_numpy())  # type: ignore[arg-type]
    if typed.kind in {ColumnKind.LIST, ColumnKind.OTHER}:
        return OpaqueColumn(values)
    return _numeric_column(values, typed.kind)


def _numeric_column(values: pa.Array, kind: ColumnKind) -> NumericColumn:
    plain_type = pa.float64() if pa.types.is_decimal(values.type) else values.type
    as_held = {ColumnKind.DATE: pa.date32(), ColumnKind.INSTANT: _INSTANT}.get(kind, plain_type)
    values = values.cast(as_held, safe=False)
    nulls = values.is_null(nan_is_null=True)
    number = {ColumnKind.DATE: pa.int32(), ColumnKind.INSTANT: pa.int64(), ColumnKind.BOOLEAN: pa.int8()}.get(
        kind, as_held
    )
    plain = pc.fill_null(values.cast(number), 0).to_numpy()
    if kind is ColumnKind.BOOLEAN:
        plain = plain.astype(np.bool_)
    return NumericColumn(as_held, plain, nulls.to_numpy(zero_copy_only=False) if nulls.true_count else None)


def _open_parquet(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(pa.OSFile(str(path)))
    except (OSError, pa.ArrowInvalid) as error:
        raise _invalid_scores(path, f"it cannot be read ({error})") from None


def _invalid_scores(path: Path, reason: str) -> InvalidScores:
    return InvalidScores(f"{path} is no scores table: {reason}. Expected what `flywheel score` writes: run it again.")
