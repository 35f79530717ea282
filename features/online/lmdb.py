"""Online store on LMDB: packed rows in one environment; many processes read while one writes, and none waits."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from hashlib import blake2b
from itertools import takewhile
from pathlib import Path

import lmdb

from features.checksums import unseal
from features.errors import NotFound, StoreDamaged
from features.online.conflict_resolution import later_rows
from features.online.feature_rows import FeatureRows
from features.online.key_tally import KeyTally, verify_keys
from features.online.view_joiner import ViewJoiner
from features.publication import ROW_ID, VIEW
from features.storage.lmdb_file import DATA_FILE, LmdbFile, LmdbKind, file_identity, open_lmdb, remove_lmdb
from features.views import View

MAX_KEY_BYTES = 511


def _verify(environment: lmdb.Environment) -> None:
    """Verify the keys and the publication; rows are verified when they are read."""
    verify_keys(environment)
    with environment.begin() as transaction:
        if (publication := transaction.get(row_key(VIEW, ROW_ID))) is not None:
            unseal(publication)


ONLINE = LmdbKind(
    contents="online store",
    remedy="Publish the features again: flywheel publish.",
    map_bytes=2**36,  # large, so that readers never have to remap when a writer grows the file
    readahead=False,
    verify=_verify,
)


class LmdbReader:
    """A reader of all views of customers, at one moment of the store."""

    timeout_seconds = None

    def __init__(self, path: Path, views: tuple[View, ...]) -> None:
        self._path: Path | None = path
        self._file: LmdbFile | None = None
        self._identity = (0, 0)
        self._view_joiner = ViewJoiner(views)

    @classmethod
    def open(cls, path: Path, views: tuple[View, ...]) -> LmdbReader:
        """A reader of the store in the folder ``path``; raises NotFound before the first publication."""
        if not (path / DATA_FILE).exists():
            raise NotFound(f"There is no online store in {path}. Publish features first: flywheel publish.")
        reader = cls(path, views)
        with suppress(StoreDamaged):  # every read says so, until a publication replaces the file
            reader._newest_file()
        return reader

    def read(self, customer_ids: Sequence[str]) -> FeatureRows:
        """The stored features of these customers, in the requested order.

        Raises:
            SchemaMismatch: the rows have other columns.
            StoreDamaged: the file is not as it was written.
            StoreUnavailable: LMDB fails for another reason.
        """
        with self._newest_file().buffered_read() as transaction:
            values = (
                [transaction.get(row_key(view, customer_id)) for customer_id in customer_ids]
                for view in self._view_joiner.view_names
            )
            return self._view_joiner.join(customer_ids, values)

    def close(self) -> None:
        """Release the store; the environment closes when no reader in the process uses it."""
        self._path = self._file = None

    def _newest_file(self) -> LmdbFile:
        """The file at the path now; while there is none, the one that was there last."""
        if self._path is None:
            raise ValueError("This reader is closed. Open another: LmdbReader.open(path, views).")
        identity = file_identity(self._path)
        if self._file is None or identity not in (self._identity, (0, 0)):
            self._file, self._identity = open_lmdb(self._path, ONLINE), identity
        return self._file


class LmdbWriter:
    """One write transaction: all of it becomes visible at once, or, if the process is killed, nothing."""

    def __init__(self, transaction: lmdb.Transaction[bytes]) -> None:
        self._transaction = transaction
        self._tally = KeyTally.read(transaction)

    def replace(self, view: str, packed: Mapping[str, bytes]) -> None:
        """Make the view hold exactly these customers."""
        rows = {row_key(view, customer_id): row for customer_id, row in packed.items()}
        stored_keys = self._keys(view)
        for key in stored_keys:
            if key not in rows:
                self._delete(key)
        self._put(rows, stored_keys)

    def merge(self, view: str, packed: Mapping[str, bytes]) -> None:
        """Add rows to the view; a stored row with a later event time, or an equal and later created time, stays."""
        rows = {row_key(view, customer_id): row for customer_id, row in packed.items()}
        stored = {key: value for key in rows if (value := self._transaction.get(key)) is not None}
        self._put(later_rows(stored, rows), stored)

    def drop(self, view: str) -> None:
        """Remove every row of a view."""
        self.replace(view, {})

    def erase(self, customer_id: str) -> int:
        """Remove one customer from every view, also from views no longer declared; returns the number of rows."""
        views = list(self._views())
        return sum(self._delete(row_key(view, customer_id)) for view in views)

    def finish(self) -> None:
        """Write the tally of the keys, as the last part of the write."""
        self._tally.write(self._transaction)

    def _put(self, rows: Mapping[bytes, bytes], stored_keys: Collection[bytes]) -> None:
        with self._transaction.cursor() as cursor:
            cursor.putmulti(sorted(rows.items()))
        self._tally.add(rows.keys() - stored_keys)

    def _delete(self, key: bytes) -> bool:
        is_removed = self._transaction.delete(key)
        if is_removed:
            self._tally.remove(key)
        return is_removed

    def _keys(self, view: str) -> list[bytes]:
        end_key = f"{view}\2".encode()
        with self._transaction.cursor() as cursor:
            if not cursor.set_range(f"{view}\0".encode()):
                return []
            return list(takewhile(lambda key: key < end_key, cursor.iternext(keys=True, values=False)))

    def _views(self) -> Iterator[str]:
        """The views with rows, found by seeking from one to the next."""
        with self._transaction.cursor() as cursor:
            has_key = cursor.first()
            while has_key:
                view = cursor.key().replace(b"\1", b"\0").partition(b"\0")[0].decode()
                if view:  # the tally has none
                    yield view
                has_key = cursor.set_range(f"{view}\2".encode())


def read_packed_values(path: Path, view: str, customer_ids: Sequence[str]) -> list[bytes | None]:
    """The packed rows of one view, None for an unknown customer or before the first publication."""
    if not (path / DATA_FILE).exists():
        return [None] * len(customer_ids)
    with open_lmdb(path, ONLINE).transaction() as transaction:
        return [transaction.get(row_key(view, customer_id)) for customer_id in customer_ids]


@dataclass(frozen=True)
class LmdbStore:
    """The online store in one folder of this machine."""

    path: Path

    def reader(self, views: tuple[View, ...]) -> LmdbReader:
        """A reader of these views; raises NotFound before the first publication."""
        return LmdbReader.open(self.path, views)

    def write_transaction(self) -> AbstractContextManager[LmdbWriter]:
        """One write, all of it or nothing; waits for another writer to finish."""
        return write_transaction(self.path)

    def packed_values(self, view: str, customer_ids: Sequence[str]) -> list[bytes | None]:
        """The packed rows of one view, None for an unknown customer or before the first publication."""
        return read_packed_values(self.path, view, customer_ids)

    def remove_damaged(self) -> StoreDamaged | None:
        """Remove the store if it is damaged, and return what was found."""
        return remove_damaged(self.path)


@contextmanager
def write_transaction(path: Path) -> Iterator[LmdbWriter]:
    """One write to the store in the folder ``path``, created if missing; waits for another writer to finish.

    Raises:
        StoreDamaged: the file is not as it was written, so that a write could lose more of it.
        NoSpaceLeft: there is no space for the write; nothing of it is stored.
        StoreUnavailable: LMDB fails for another reason.
    """
    with open_lmdb(path, ONLINE).transaction(write=True) as transaction:
        writer = LmdbWriter(transaction)
        yield writer
        writer.finish()


def remove_damaged(path: Path) -> StoreDamaged | None:
    """Remove the store in a folder if it is damaged, before a publication that writes all of it again."""
    try:
        if (path / DATA_FILE).exists():
            with open_lmdb(path, ONLINE).transaction():
                return None
    except StoreDamaged as error:
        remove_lmdb(path)
        return error
    return None


def row_key(view: str, customer_id: str) -> bytes:
    """``view NUL id``, or ``view SOH digest`` for an id too long to be part of a key."""
    key = f"{view}\0{customer_id}".encode("utf-8", "surrogatepass")
    if len(key) <= MAX_KEY_BYTES:
        return key
    return view.encode() + b"\1" + blake2b(key, digest_size=32).digest()
