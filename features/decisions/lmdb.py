"""Decision storage on LMDB: the decision log of one machine, an environment of its own in the home."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import lmdb

from features.checksums import seal, unseal
from features.decisions.storage import TABLES, Entry, Result, WriteBatch, entry_key
from features.errors import InvalidStore
from features.storage.lmdb_file import LmdbFile, LmdbKind, file_identity, open_lmdb
from features.storage.lmdb_structure import DamagedStructure


def verify_tables(environment: lmdb.Environment) -> None:
    """Verify every entry: its checksum covers its key, and a search must find it.

    Raises:
        DamagedStructure: a search does not find an entry, or there is a table of another name.
        DamagedValue: an entry is not as it was written.
    """
    with environment.begin() as transaction:
        names = [name.decode(errors="replace") for name in transaction.cursor().iternext(values=False)]
        if other := sorted({*names} - {*TABLES}):
            raise DamagedStructure(f"the tables {', '.join(other)} beside its own")
        for name in names:
            table = environment.open_db(name.encode(), transaction, create=False)
            with transaction.cursor(db=table) as cursor:
                for key, value in cursor:
                    unseal(value, key)
                    if transaction.get(key, db=table) is None:
                        raise DamagedStructure("a key that a search does not find")


DECISION_LOG = LmdbKind(
    contents="decision log",
    remedy="Nothing is decided or recorded without it: restore it from a backup, or remove the folder and run "
    "`flywheel restore`, which takes what the history has.",
    map_bytes=2**36,
    tables=len(TABLES),
    verify=verify_tables,
)


class LmdbDecisionStorage:
    """Entries by table and id in one LMDB environment; one writer, and readers that never wait.

    Every method raises StoreDamaged while the file is not as it was written; a restored file is opened by itself.
    """

    def __init__(self, path: Path) -> None:
        """Name the folder; it is opened, and created if missing, at the first use."""
        self._path = path
        self._file: LmdbFile | None = None
        self._identity = (0, 0)
        self._tables: Mapping[str, lmdb._Database] = {}

    def read(self, entries: Sequence[Entry]) -> dict[Entry, bytes | None]:
        """The values of these entries, at one moment; None where there is none."""
        with self._newest_file().transaction() as transaction:
            return self._read(transaction, entries)

    def update(self, entries: Sequence[Entry], work: Callable[[WriteBatch], Result]) -> Result:
        """Run ``work`` on these entries and store its changes, all or nothing; waits for another writer."""
        with self._newest_file().transaction(write=True) as transaction:
            batch = WriteBatch(self._read(transaction, entries))
            result = work(batch)
            for (table, record_id), value in batch.changes.items():
                key = entry_key(record_id)
                if value is None:
                    transaction.delete(key, db=self._tables[table])
                else:
                    transaction.put(key, seal(value, key), db=self._tables[table])
        return result

    def scan(self, table: str) -> Iterator[bytes]:
        """Every value of a table, at one moment."""
        with self._newest_file().transaction() as transaction, transaction.cursor(db=self._tables[table]) as cursor:
            for key, value in cursor:
                yield unseal(value, key)

    def counts(self) -> dict[str, int]:
        """The number of entries by table."""
        with self._newest_file().transaction() as transaction:
            return {name: transaction.stat(table)["entries"] for name, table in self._tables.items()}

    def mend(self) -> bool:
        """Do nothing: LMDB loses no table."""
        return False

    def _read(self, transaction: lmdb.Transaction[bytes], entries: Sequence[Entry]) -> dict[Entry, bytes | None]:
        values: dict[Entry, bytes | None] = {}
        for table, record_id in entries:
            key = entry_key(record_id)
            value = transaction.get(key, db=self._tables[table])
            values[table, record_id] = None if value is None else unseal(value, key)
        return values

    def _newest_file(self) -> LmdbFile:
        """The file at the path now, created if missing.

        Raises:
            InvalidStore: the folder cannot be opened.
        """
        identity = file_identity(self._path)
        if self._file is None or identity != self._identity:
            try:
                self._file = open_lmdb(self._path, DECISION_LOG)
            except OSError as error:
                raise InvalidStore(
                    f"Found no decision log to open in {self._path} ({error}); expected a folder of this user. Give "
                    "this user access to it, or restore it from a backup."
                ) from None
            with self._file.transaction(write=True) as transaction:
                self._tables = {name: self._file.environment.open_db(name.encode(), transaction) for name in TABLES}
            self._identity = file_identity(self._path)
        return self._file
