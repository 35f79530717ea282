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
from serving.audiences.errors import BadScores
from serving.audiences.query.column_store import Held, Opaque, Ordered
from serving.audiences.query.column_types import COMPARED, Kind, Typed
from serving.audiences.query.text_columns import Ids, Lists, Words

ID = "customer_id"
_INSTANT = pa.timestamp("us", tz="UTC")

Identity = tuple[int, int, int, int]  # device, inode, nanoseconds of the last change, bytes


class Columns:
    """The columns of one version of the table; threads may share it, and it outlives the file's replacement."""

    def __init__(self, path: Path, identity: Identity) -> None:
        self.path = path
        self.identity = identity
        self._file = _opened(path)
        self.schema: pa.Schema = self._file.schema_arrow
        self.rows: int = self._file.metadata.num_rows
        self.kinds = {field.name: Typed.of(field.type) for field in self.schema}
        self._held: dict[str, Held] = {}
        self._reading = Lock()
        if self.kinds.get(ID) != Typed(Kind.TEXT):
            raise _bad(path, f"its {ID} is {self.kinds.get(ID, 'missing')}, not text")

    def __len__(self) -> int:
        return self.rows

    def __contains__(self, name: str) -> bool:
        return name in self.kinds

    def __getitem__(self, name: str) -> Held:
        """A column, read at first use; raises KeyError for one that the table does not have."""
        with self._reading:
            if name not in self._held:
                self._held[name] = self._read(name)
            return self._held[name]

    @property
    def ids(self) -> pa.StringArray:
        """The customers, ascending."""
        return self[ID].values  # type: ignore[attr-defined]

    def among(self, customer_ids: Sequence[str]) -> Booleans:
        """Which rows are those of some customers, (customers,)."""
        held = self[ID]
        return held.among(customer_ids) if isinstance(held, Ids) else np.zeros(len(self), np.bool_)

    @property
    def nbytes(self) -> int:
        """The memory that the columns read so far take."""
        return sum(held.nbytes for held in list(self._held.values()))

    def _read(self, name: str) -> Held:
        try:
            values = self._file.read(columns=[self.schema.field(name).name]).column(0).combine_chunks()
        except (OSError, pa.ArrowInvalid) as error:
            raise _bad(self.path, f"its {name} cannot be read ({error})") from None
        return self._ids(values) if name == ID else held(values)

    def _ids(self, values: pa.Array) -> Ids:
        ascending = pc.all(pc.less(values[:-1], values[1:]), min_count=0)
        if values.null_count or not ascending.as_py():
            raise _bad(self.path, f"its {ID} is null, repeated or not ascending somewhere")
        return Ids(values.cast(pa.string()))


class ScoresFile:
    """The scores table, whichever version of it is there; an older one is forgotten when nobody reads it any more."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._columns: Columns | None = None
        self._opening = Lock()

    def columns(self) -> Columns:
        """The version that is there now.

        Raises:
            BadScores: there is none, or the file is no scores table.
        """
        with self._opening:
            while self._columns is None or self._columns.identity != identity_of(self._path):
                self._columns = None
                self._columns = Columns(self._path, identity_of(self._path))
            return self._columns


def identity_of(path: Path) -> Identity:
    """What changes when the file is replaced; raises BadScores when there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        raise BadScores(f"There is no scores table in {path}. Run `flywheel score` first.") from None
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size


def held(values: pa.Array) -> Held:
    """An Arrow column as it is compared: NaN is null, dates are days, instants microseconds."""
    typed = Typed.of(values.type)
    if typed.kind is Kind.TEXT:
        return Words.of(values)
    if typed.kind is Kind.LIST and typed.members in COMPARED:
        members = held(values.flatten())
        return Lists(values, members, pc.list_parent_indices(values).to_numpy())  # type: ignore[arg-type]
    if typed.kind in {Kind.LIST, Kind.OTHER}:
        return Opaque(values)
    return _ordered(values, typed.kind)


def _ordered(values: pa.Array, kind: Kind) -> Ordered:
    plain_type = pa.float64() if pa.types.is_decimal(values.type) else values.type
    as_held = {Kind.DATE: pa.date32(), Kind.INSTANT: _INSTANT}.get(kind, plain_type)
    values = values.cast(as_held, safe=False)
    nulls = values.is_null(nan_is_null=True)
    number = {Kind.DATE: pa.int32(), Kind.INSTANT: pa.int64(), Kind.BOOLEAN: pa.int8()}.get(kind, as_held)
    plain = pc.fill_null(values.cast(number), 0).to_numpy()
    if kind is Kind.BOOLEAN:
        plain = plain.astype(np.bool_)
    return Ordered(as_held, plain, nulls.to_numpy(zero_copy_only=False) if nulls.true_count else None)


def _opened(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(pa.OSFile(str(path)))
    except (OSError, pa.ArrowInvalid) as error:
        raise _bad(path, f"it cannot be read ({error})") from None


def _bad(path: Path, why: str) -> BadScores:
    return BadScores(f"{path} is no scores table: {why}. Expected what `flywheel score` writes: run it again.")
