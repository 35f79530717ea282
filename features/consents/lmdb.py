"""Ledger storage on LMDB: the consent ledger of one machine, with one writer and readers that never wait."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from weakref import WeakValueDictionary

import lmdb

from features.checksums import seal, unseal
from features.consents.ledger_binding import LedgerBinding
from features.consents.ledger_memory import LedgerPoint
from features.consents.lmdb_keys import META, STATE_KEY, TABLES, TOMBSTONES, key_digest, record_key, state_key
from features.consents.lmdb_verification import verify_tables
from features.consents.storage import DEFAULTS, LEDGER_ID, PROOF, STATE, LedgerFacts, LedgerRead, Result
from features.errors import InvalidStore, StoreDamaged, StoreUnavailable
from features.storage.disk_reserve import use_reserve
from features.storage.lmdb_file import LmdbFile, LmdbKind, file_identity, open_lmdb

_CONSENTS = LmdbKind(
    contents="consents",
    remedy="Nobody is answered without them: restore them from a backup.",
    map_bytes=2**34,
    tables=len(TABLES),
    verify=verify_tables,
)

# One storage knows by one memory which ledger the home has; another file may be put under the path of a removed one.
_OPEN_STORAGES: WeakValueDictionary[tuple[int, int], LmdbLedgerStorage] = WeakValueDictionary()
_OPEN_LOCK = Lock()


class LmdbLedgerStorage:
    """Records by customer, their changes in order, tombstones and metadata, in one LMDB environment.

    Every method raises StoreDamaged while the file is not as it was written; a restored file is opened by itself.
    """

    timeout_seconds = None

    def __init__(self, path: Path) -> None:
        """Open or create the environment; raises InvalidStore where that fails for another reason than damage."""
        self.binding = LedgerBinding(path.parent, "lmdb")
        self._path = path
        self._file: LmdbFile | None = None
        self._identity = (0, 0)
        self._tables: Mapping[str, lmdb._Database] = {}
        try:
            with suppress(StoreDamaged):  # every read says so: the strict side, without an end of the service
                self._newest_file()
        except (OSError, lmdb.Error, StoreUnavailable) as error:
            raise InvalidStore(
                f"Found no consents to open in {path} ({error}); expected a folder of this user. Give this user "
                "access to it, or restore it from a backup."
            ) from None

    @classmethod
    def open(cls, path: Path) -> LmdbLedgerStorage:
        """The storage in a folder, created if missing, one per process; raises InvalidStore if it does not open."""
        with _OPEN_LOCK:
            storage = _OPEN_STORAGES.get(file_identity(path))
            if storage is None:
                storage = cls(path)
                _OPEN_STORAGES[file_identity(path)] = storage
            return storage

    def read(self, customer_ids: Sequence[str], tombstones: Sequence[bytes]) -> LedgerRead:
        """The records of these customers, and which of these tombstones exist, at one moment."""
        with self._read_transaction() as transaction:
            return self._read_records(transaction, customer_ids, tombstones)

    def meta(self, name: str) -> bytes | None:
        """A metadata value, None if absent."""
        with self._read_transaction() as transaction:
            return self._meta(transaction, name.encode())

    def state(self) -> int:
        """The state number: every change increases it; 0 before the first."""
        return _parse_int(self.meta(STATE))

    def records(self) -> Iterator[bytes]:
        """Every record, at one moment."""
        with self._read_transaction() as transaction, transaction.cursor(db=self._tables["records"]) as cursor:
            yield from cursor.iternext(keys=False, values=True)

    def changed_since(self, state: int) -> list[bytes]:
        """The records that changed after a state."""
        with self._read_transaction() as transaction, transaction.cursor(db=self._tables["changes"]) as cursor:
            if not cursor.set_range(state_key(state + 1)):
                return []
            keys = list(cursor.iternext(keys=False, values=True))
            values = [transaction.get(key, db=self._tables["records"]) for key in keys]
            return [value for value in values if value is not None]

    def tombstones(self) -> dict[bytes, int]:
        """The tombstones of erased customers, and the state at which each was written."""
        with self._read_transaction() as transaction, transaction.cursor(db=self._tables["tombstones"]) as cursor:
            return {bytes(key): _parse_int(unseal(value, key)) for key, value in cursor}

    def write(
        self, customer_ids: Sequence[str], tombstones: Sequence[bytes], work: Callable[[LmdbWriteTransaction], Result]
    ) -> Result:
        """Run ``work`` in one write transaction, which is stored as a whole or not at all; waits for another writer.

        On a full disk it runs again with the space of the reserve.
        """
        return use_reserve(self._path.parent, lambda: self._write(customer_ids, tombstones, work))

    def _write(
        self, customer_ids: Sequence[str], tombstones: Sequence[bytes], work: Callable[[LmdbWriteTransaction], Result]
    ) -> Result:
        remembered = self.binding.last_point()
        with self._newest_file().transaction(write=True) as transaction:
            facts = self._check(transaction, remembered)
            stored = self._read_records(transaction, customer_ids, tombstones)
            writer = LmdbWriteTransaction(transaction, self._tables, stored)
            result = work(writer)
            ledger_id = facts.ledger_id
            if writer.state is not None and ledger_id is None:
                ledger_id = writer.begin_ledger(self.binding)
        if writer.state is not None and ledger_id is not None:
            self.binding.record_write(ledger_id, writer.state)
        return result

    def identity(self) -> str:
        """The random id of the ledger; a constant before the first write."""
        return _parse_text(self.meta(LEDGER_ID)) or "lmdb"

    @contextmanager
    def _read_transaction(self) -> Iterator[lmdb.Transaction[bytes]]:
        remembered = self.binding.last_point()
        with self._newest_file().transaction() as transaction:
            self._check(transaction, remembered)
            yield transaction

    def _check(self, transaction: lmdb.Transaction[bytes], remembered: LedgerPoint | None) -> LedgerFacts:
        """What the environment says about its ledger; raises as LedgerBinding.check does."""
        ledger_id, proof, state = (self._meta(transaction, name.encode()) for name in (LEDGER_ID, PROOF, STATE))
        facts = LedgerFacts(_parse_text(ledger_id), _parse_text(proof), _parse_int(state))
        self.binding.check(remembered, facts, str(self._path))
        return facts

    def _newest_file(self) -> LmdbFile:
        """The file at the path now; while there is none, the one that was there last."""
        identity = file_identity(self._path)
        if self._file is None or identity not in (self._identity, (0, 0)):
            self._file = open_lmdb(self._path, _CONSENTS)
            with self._file.transaction(write=True) as transaction:
                self._tables = {name: self._file.environment.open_db(name.encode(), transaction) for name in TABLES}
            self._identity = file_identity(self._path)
        return self._file

    def _meta(self, transaction: lmdb.Transaction[bytes], key: bytes) -> bytes | None:
        value = transaction.get(key, db=self._tables[META])
        return None if value is None else unseal(value, key)

    def _read_records(
        self, transaction: lmdb.Transaction[bytes], customer_ids: Sequence[str], tombstones: Sequence[bytes]
    ) -> LedgerRead:
        get, records, erased = transaction.get, self._tables["records"], self._tables[TOMBSTONES]
        return LedgerRead(
            state=_parse_int(self._meta(transaction, STATE_KEY)),
            defaults=self._meta(transaction, DEFAULTS.encode()),
            records=[get(record_key(customer_id), db=records) for customer_id in customer_ids],
            erased=[get(tombstone, db=erased) is not None for tombstone in tombstones],
        )


class LmdbWriteTransaction:
    """One write transaction of LMDB."""

    def __init__(
        self, transaction: lmdb.Transaction[bytes], tables: Mapping[str, lmdb._Database], stored: LedgerRead
    ) -> None:
        self.stored_records = stored
        self._transaction = transaction
        self._tables = tables
        self.state: int | None = None  # of this write; None while it has changed nothing

    def next_state(self, floor: int = 0) -> int:
        """The state number of this write, above ``floor``; the same on every call."""
        if self.state is None:
            self.state = max(self.stored_records.state, floor) + 1
            self.set_meta(STATE, str(self.state).encode())
        return self.state

    def begin_ledger(self, binding: LedgerBinding) -> str:
        """Give a ledger without an id its id and the proof of the secret; return the id."""
        ledger_id = binding.new_ledger_id()
        self.set_meta(LEDGER_ID, ledger_id.encode())
        self.set_meta(PROOF, binding.proof.encode())
        return ledger_id

    def put(self, customer_id: str, value: bytes, previous_state: int | None, state: int) -> None:
        """Write a record in place of the one written at the state ``previous_state``."""
        key = record_key(customer_id)
        self._transaction.put(key, value, db=self._tables["records"])
        self._update_change_index(key, previous_state, state)

    def remove(self, customer_id: str, previous_state: int | None) -> None:
        """Remove the record written at the state ``previous_state``; None for a damaged one, which does not tell."""
        key = record_key(customer_id)
        if self._transaction.delete(key, db=self._tables["records"]) and previous_state is None:
            self._remove_changes_of(key)
        self._update_change_index(key, previous_state, None)

    def add_tombstone(self, tombstone: bytes, state: int) -> None:
        """Add a tombstone."""
        self._transaction.put(tombstone, seal(str(state).encode(), tombstone), db=self._tables[TOMBSTONES])

    def set_meta(self, name: str, value: bytes) -> None:
        """Write a metadata value."""
        self._transaction.put(name.encode(), seal(value, name.encode()), db=self._tables[META])

    def _remove_changes_of(self, key: bytes) -> None:
        with self._transaction.cursor(db=self._tables["changes"]) as cursor:
            has_entry = cursor.first()
            while has_entry:
                has_entry = cursor.delete() if cursor.value() == key else cursor.next()

    def _update_change_index(self, key: bytes, previous_state: int | None, state: int | None) -> None:
        changes = self._tables["changes"]
        if previous_state is not None:
            self._transaction.delete(state_key(previous_state) + key_digest(key), db=changes)
        if state is not None:
            self._transaction.put(state_key(state) + key_digest(key), key, db=changes)


def _parse_text(text: bytes | None) -> str | None:
    return None if text is None else text.decode()


def _parse_int(text: bytes | None) -> int:
    return 0 if text is None else int(text)
