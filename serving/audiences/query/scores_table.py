"""Scores table reader: reads each requested column of one version of the file once, and notices a new version."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.arrays import Booleans
from features.storage.file_identity import FileIdentity, identity_of
from serving.audiences.errors import InvalidScores
from serving.audiences.query.column_store import Column, NumericColumn, OpaqueColumn
from serving.audiences.query.column_types import COMPARABLE_KINDS, ColumnKind, ColumnType
from serving.audiences.query.text_columns import DictionaryColumn, IdColumn, ListColumn

ID_COLUMN = "customer_id"
_INSTANT = pa.timestamp("us", tz="UTC")


class Columns:
    """The columns of one version of the table; threads may share it, and it stays usable after the file is replaced."""

    def __init__(self, path: Path, identity: FileIdentity) -> None:
        self.path = path
        self.identity = identity
        self.schema, self._file = _open_encoded(path)
        self.rows: int = self._file.metadata.num_rows
        self.column_types = {field.name: ColumnType.from_arrow(field.type) for field in self.schema}
        self.used: set[str] = set()  # the columns that anybody asked for
        self._loaded_columns: dict[str, Column] = {}
        self._read_lock = Lock()
        if self.column_types.get(ID_COLUMN) != ColumnType(ColumnKind.TEXT):
            raise _invalid_scores(path, f"its {ID_COLUMN} is {self.column_types.get(ID_COLUMN, 'missing')}, not text")

    def __len__(self) -> int:
        return self.rows

    def __contains__(self, name: str) -> bool:
        return name in self.column_types

    def __getitem__(self, name: str) -> Column:
        """Return a column, which is read at its first use.

        Raises:
            KeyError: the table has no such column.
            InvalidScores: the column cannot be read.
        """
        self.used.add(name)
        return self._load(name)

    def _load(self, name: str) -> Column:
        with self._read_lock:
            if name not in self._loaded_columns:
                self._loaded_columns[name] = self._read(name)
            return self._loaded_columns[name]

    def preload(self, names: Collection[str]) -> None:
        """Read some of these columns, those that the table has, before anybody asks for them.

        Raises:
            InvalidScores: a column cannot be read.
        """
        for name in self.column_types:
            if name in names:
                self._load(name)

    def read_once(self, name: str) -> Column:
        """Return a column without keeping it in memory, unless it is kept already.

        Raises:
            InvalidScores: the column cannot be read.
        """
        with self._read_lock:
            return self._loaded_columns.get(name) or self._read(name)

    @property
    def ids(self) -> pa.StringArray:
        """The customer ids, ascending."""
        return self[ID_COLUMN].values  # type: ignore[attr-defined]

    def customer_mask(self, customer_ids: Sequence[str]) -> Booleans:
        """Return the rows of the given customers as a mask, (customers,)."""
        column = self[ID_COLUMN]
        return column.is_in(customer_ids) if isinstance(column, IdColumn) else np.zeros(len(self), np.bool_)

    @property
    def nbytes(self) -> int:
        """The memory of the columns read so far, in bytes."""
        return sum(column.nbytes for column in list(self._loaded_columns.values()))

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
    """The scores table in its current version; an older one is freed when no reader uses it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._columns: Columns | None = None
        self._used_before: Collection[str] = ()  # the columns that anybody asked for in the version before
        self._open_lock = Lock()

    def columns(self) -> Columns:
        """Return the columns of the current version.

        Raises:
            InvalidScores: the file is missing, or is not a scores table.
        """
        with self._open_lock:
            while self._columns is None or self._columns.identity != file_identity(self._path):
                self._used_before = self._used_before if self._columns is None else self._columns.used
                self._columns = None
                self._columns = Columns(self._path, file_identity(self._path))
            return self._columns

    def poll(self) -> None:
        """Read the columns of a new version that were used in the one before, so that no request waits for them."""
        if self._columns is not None:
            with suppress(InvalidScores):  # a request says so
                self.columns().preload(self._used_before)


def file_identity(path: Path) -> FileIdentity:
    """Return device, inode, modification time and size, which change when the file is replaced.

    Raises:
        InvalidScores: the file is missing.
    """
    try:
        return identity_of(path.stat())
    except FileNotFoundError:
        raise InvalidScores(f"Found no scores table in {path}; expected one. Run `flywheel score` first.") from None


def column_from_arrow(values: pa.Array) -> Column:
    """Return an Arrow column in its comparable form: NaN becomes null, dates days, and instants microseconds."""
    column_type = ColumnType.from_arrow(values.type)
    if column_type.kind is ColumnKind.TEXT:
        return DictionaryColumn.from_arrow(values)
    if column_type.kind is ColumnKind.LIST and column_type.members in COMPARABLE_KINDS:
        members = column_from_arrow(values.flatten())
        return ListColumn(values, members, pc.list_parent_indices(values).to_numpy())  # type: ignore[arg-type]
    if column_type.kind in {ColumnKind.LIST, ColumnKind.OTHER}:
        return OpaqueColumn(values)
    return _numeric_column(values, column_type.kind)


def _numeric_column(values: pa.Array, kind: ColumnKind) -> NumericColumn:
    plain_type = pa.float64() if pa.types.is_decimal(values.type) else values.type
    stored_type = {ColumnKind.DATE: pa.date32(), ColumnKind.INSTANT: _INSTANT}.get(kind, plain_type)
    values = values.cast(stored_type, safe=False)
    nulls = values.is_null(nan_is_null=True)
    number_type = {ColumnKind.DATE: pa.int32(), ColumnKind.INSTANT: pa.int64(), ColumnKind.BOOLEAN: pa.int8()}.get(
        kind, stored_type
    )
    plain = pc.fill_null(values.cast(number_type), 0).to_numpy()
    if kind is ColumnKind.BOOLEAN:
        plain = plain.astype(np.bool_)
    return NumericColumn(stored_type, plain, nulls.to_numpy(zero_copy_only=False) if nulls.true_count else None)


def open_scores(path: Path) -> pq.ParquetFile:
    """Open a scores table; raises InvalidScores where it cannot be read."""
    return _open(path)[1]


def _open(path: Path) -> tuple[pa.OSFile, pq.ParquetFile]:
    try:
        source = pa.OSFile(str(path))
        return source, pq.ParquetFile(source)
    except (OSError, pa.ArrowInvalid) as error:
        raise _invalid_scores(path, f"it cannot be read ({error})") from None


def _open_encoded(path: Path) -> tuple[pa.Schema, pq.ParquetFile]:
    """Return the schema, and the file with its text as it is encoded, which reads in a quarter of the time."""
    source, file = _open(path)
    kinds = {field.name: ColumnType.from_arrow(field.type).kind for field in file.schema_arrow}
    text = [name for name, kind in kinds.items() if kind is ColumnKind.TEXT and name != ID_COLUMN]
    return file.schema_arrow, pq.ParquetFile(source, metadata=file.metadata, read_dictionary=text)


def _invalid_scores(path: Path, reason: str) -> InvalidScores:
    return InvalidScores(
        f"{path} is not a scores table: {reason}. Expected what `flywheel score` writes: run it again."
    )
