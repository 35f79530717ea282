"""Ledger storage on LMDB: the consent ledger of one machine, with one writer and readers that never wait."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from weakref import WeakValueDictionary

import lmdb

from features.consents.ledger_binding import LedgerBinding
from features.consents.ledger_memory import LedgerPoint
from features.consents.storage import DEFAULTS, LEDGER_ID, PROOF, STATE, LedgerFacts, LedgerRead, Result
from features.errors import InvalidStore, StoreUnavailable
from features.online.lmdb import file_identity

MAP_SIZE = 2**34  # address space, not disk
MAX_KEY_BYTES = 511
_TABLES = ("records", "changes", "tombstones", "meta")
_STATE_KEY = STATE.encode()

# A process may open an LMDB file once only; another one may be created under the path of a removed one.
_OPEN_STORAGES: WeakValueDictionary[tuple[int, int], LmdbLedgerStorage] = WeakValueDictionary()
_OPEN_LOCK = Lock()


class LmdbLedgerStorage:
    """Records by customer, their changes in order, tombstones and metadata, in one LMDB environment."""

    timeout_seconds = None

    def __init__(self, path: Path) -> None:
        """Open or create the environment in a folder of the home; raises InvalidStore where that fails."""
        self.binding = LedgerBinding(path.parent, "lmdb")
        self._location = str(path)
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._environment = lmdb.open(
                str(path), map_size=MAP_SIZE, max_dbs=len(_TABLES), max_readers=1024, mode=0o600
            )
            # A reader that was killed would keep every page since then from being reused.
            self._environment.reader_check()
            self._refuse_other_format(path)
            self._tables = {name: self._environment.open_db(name.encode()) for name in _TABLES}
        except (OSError, lmdb.Error) as error:
            raise InvalidStore(
                f"Found no consents to open in {path} ({error}); expected a folder of this user. Give this user "
                "access to it, or restore it from a backup."
            ) from None

    def _refuse_other_format(self, path: Path) -> None:
        """Fail closed on tables of another format: with new tables beside them, erased customers would come back."""
        with self._environment.begin() as transaction:
            names = [name.decode() for name in transaction.cursor().iternext(values=False)]
        unknown = sorted(set(names) - {*_TABLES})
        if unknown:
            raise InvalidStore(
                f"Found the tables {', '.join(unknown)} among the consents in {path}; expected {', '.join(_TABLES)}. "
                "Another version of Flywheel wrote them: use that version, or start a new home and import the consents "
                "and erasures again."
            )

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
            value: bytes | None = transaction.get(name.encode(), db=self._tables["meta"])
            return value

    def state(self) -> int:
        """The state number: every change increases it; 0 before the first."""
        return _parse_int(self.meta(_STATE_KEY.decode()))

    def records(self) -> Iterator[bytes]:
        """Every record, at one moment."""
        with self._read_transaction() as transaction, transaction.cursor(db=self._tables["records"]) as cursor:
            yield from cursor.iternext(keys=False, values=True)

    def changed_since(self, state: int) -> list[bytes]:
        """The records that changed after a state."""
        with self._read_transaction() as transaction, transaction.cursor(db=self._tables["changes"]) as cursor:
            if not cursor.set_range(_state_key(state + 1)):
                return []
            keys = list(cursor.iternext(keys=False, values=True))
            values = [transaction.get(key, db=self._tables["records"]) for key in keys]
            return [value for value in values if value is not None]

    def tombstones(self) -> dict[bytes, int]:
        """The tombstones of erased customers, and the state at which each was written."""
        with self._read_transaction() as transaction, transaction.cursor(db=self._tables["tombstones"]) as cursor:
            return {bytes(key): _parse_int(value) for key, value in cursor}

    def write(
        self, customer_ids: Sequence[str], tombstones: Sequence[bytes], work: Callable[[LmdbWriteTransaction], Result]
    ) -> Result:
        """Run ``work`` in one write transaction, which is stored as a whole or not at all; waits for another writer."""
        remembered = self.binding.last_point()
        with self._environment.begin(write=True) as transaction:
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
        try:
            with self._environment.begin() as transaction:
                self._check(transaction, remembered)
                yield transaction
        except lmdb.Error as error:
            raise StoreUnavailable(f"The consents cannot be read just now ({error}). Try again soon.") from None

    def _check(self, transaction: lmdb.Transaction[bytes], remembered: LedgerPoint | None) -> LedgerFacts:
        """What the environment says about its ledger; raises as LedgerBinding.check does."""
        names = (LEDGER_ID, PROOF, STATE)
        ledger_id, proof, state = (transaction.get(name.encode(), db=self._tables["meta"]) for name in names)
        facts = LedgerFacts(_parse_text(ledger_id), _parse_text(proof), _parse_int(state))
        self.binding.check(remembered, facts, self._location)
        return facts

    def _read_records(
        self, transaction: lmdb.Transaction[bytes], customer_ids: Sequence[str], tombstones: Sequence[bytes]
    ) -> LedgerRead:
        get, (records, _, tombstones_table, meta) = transaction.get, self._tables.values()
        return LedgerRead(
            state=_parse_int(get(_STATE_KEY, db=meta)),
            defaults=get(DEFAULTS.encode(), db=meta),
            records=[get(_key(customer_id), db=records) for customer_id in customer_ids],
            erased=[get(tombstone, db=tombstones_table) is not None for tombstone in tombstones],
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
        key = _key(customer_id)
        self._transaction.put(key, value, db=self._tables["records"])
        self._update_change_index(key, previous_state, state)

    def remove(self, customer_id: str, previous_state: int | None) -> None:
        """Remove the record written at the state ``previous_state``."""
        key = _key(customer_id)
        self._transaction.delete(key, db=self._tables["records"])
        self._update_change_index(key, previous_state, None)

    def add_tombstone(self, tombstone: bytes, state: int) -> None:
        """Add a tombstone."""
        self._transaction.put(tombstone, str(state).encode(), db=self._tables["tombstones"])

    def set_meta(self, name: str, value: bytes) -> None:
        """Write a metadata value."""
        self._transaction.put(name.encode(), value, db=self._tables["meta"])

    def _update_change_index(self, key: bytes, previous_state: int | None, state: int | None) -> None:
        changes = self._tables["changes"]
        if previous_state is not None:
            self._transaction.delete(_state_key(previous_state) + key_digest(key), db=changes)
        if state is not None:
            self._transaction.put(_state_key(state) + key_digest(key), key, db=changes)


def key_digest(key: bytes) -> bytes:
    """A short hash of a record's key, which makes the entries of one state in the change index unique."""
    return blake2b(key, digest_size=16).digest()


def _key(customer_id: str) -> bytes:
    key = b"\0" + customer_id.encode("utf-8", "surrogatepass")
    return key if len(key) <= MAX_KEY_BYTES else b"\1" + blake2b(key, digest_size=32).digest()


def _state_key(state: int) -> bytes:
    return state.to_bytes(8, "big")


def _parse_text(text: bytes | None) -> str | None:
    return None if text is None else text.decode()


def _parse_int(text: bytes | None) -> int:
    return 0 if text is None else int(text)
