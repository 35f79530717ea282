"""Ledger repair: a ledger that lost consents is the home's own again, in an epoch above every state seen before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from features.consents.backends import LOCAL_FOLDER, open_storage
from features.consents.consent import Defaults
from features.consents.ledger import Ledger
from features.consents.ledger_binding import LedgerBinding
from features.consents.ledger_memory import LedgerMemory, LedgerPoint
from features.consents.storage import DEFAULTS, LEDGER_ID, STATE, LedgerStorage, WriteTransaction
from features.errors import InvalidStore
from features.online.backends import LMDB
from features.storage.secret import load_secret

_ANCESTORS = "ancestors"  # the metadata value: the ids that the ledger had before


@dataclass(frozen=True)
class LedgerLoss:
    """What the home remembers of its ledger, and what the store holds."""

    expected: LedgerPoint | None  # None: nothing is remembered, or the memory is damaged
    is_memory_damaged: bool
    ledger_id: str | None  # of the ledger in the store
    revision: int
    ancestors: tuple[str, ...]

    @property
    def is_repaired_elsewhere(self) -> bool:
        """Whether another machine began the epoch of the store, from the ledger that this home remembers."""
        return self.expected is not None and self.expected.ledger in self.ancestors

    def __bool__(self) -> bool:
        if self.expected is None:
            return self.is_memory_damaged
        return (
            self.expected.is_older or self.ledger_id != self.expected.ledger or self.revision < self.expected.revision
        )


class LedgerRepair:
    """Ledger repair of one home; the service of the home answers nobody until it is done."""

    def __init__(self, home: Path, online_store: str) -> None:
        """Open the store; raises InvalidStore where that fails."""
        self._home = home
        self._memory = LedgerMemory(home)
        self._storage = open_storage(home, online_store)
        self.ledger = Ledger(self._storage, lambda: load_secret(home))

    def find_loss(self) -> LedgerLoss:
        """Compare the store with the memory of the home; raises InvalidSecret if it was begun with another secret."""
        expected, is_damaged = None, False
        try:
            expected = self._memory.read()
        except InvalidStore:
            is_damaged = True
        with self._storage.binding.lenient():
            ancestors = tuple(orjson.loads(self._storage.meta(_ANCESTORS) or b"[]"))
            return LedgerLoss(expected, is_damaged, self._text(LEDGER_ID), int(self._text(STATE) or 0), ancestors)

    @contextmanager
    def epoch(self, loss: LedgerLoss) -> Iterator[Ledger]:
        """Yield the ledger, to record again what it lost; when the block ends, the home accepts the ledger.

        After a loss the states of what is recorded are above all that any table or audience of the home was made with.
        The ledger then has a new id, so that every other machine refuses it until it has recorded its own again.
        """
        with self._storage.binding.lenient():
            if loss:
                self._begin_epoch(loss)
            self._merge_local_ledger()
            yield self.ledger
            ledger_id = self._text(LEDGER_ID)
            if ledger_id is not None:
                self._storage.binding.accept(ledger_id, int(self._text(STATE) or 0))

    def _merge_local_ledger(self) -> None:
        """Add the contents of a local ledger that waits to move to Redis, as after a restore of a backup."""
        if self._storage.binding.store == "redis" and (self._home / LOCAL_FOLDER).is_dir():
            local = open_storage(self._home, LMDB)
            with local.binding.lenient():
                self.ledger.import_from(Ledger(local, lambda: load_secret(self._home)))

    def has_defaults(self) -> bool:
        """Whether the shop's consent defaults are in the store."""
        return self._storage.meta(DEFAULTS) is not None

    def set_missing_defaults(self, defaults: Defaults) -> None:
        """Record the shop's consent defaults where the store lost them."""
        if not self.has_defaults():
            self._storage.write([], [], lambda transaction: _write_defaults(transaction, defaults))

    def _begin_epoch(self, loss: LedgerLoss) -> None:
        if loss.ledger_id is None:
            self._storage.write([], [], lambda transaction: transaction.next_state())
        known_ids = {*loss.ancestors, loss.ledger_id, loss.expected and loss.expected.ledger} - {None}
        floor = 0 if loss.expected is None else loss.expected.revision

        def write(transaction: WriteTransaction) -> None:
            transaction.next_state(floor)
            if not loss.is_repaired_elsewhere:
                transaction.set_meta(_ANCESTORS, orjson.dumps(sorted(known_ids)))
                transaction.set_meta(LEDGER_ID, LedgerBinding.new_ledger_id().encode())

        self._storage.write([], [], write)

    def _text(self, name: str) -> str | None:
        value = self._storage.meta(name)
        return None if value is None else value.decode()


def raise_state(storage: LedgerStorage, floor: int) -> None:
    """Raise the state of a ledger above one of another ledger, before its contents are merged into it."""
    storage.write([], [], lambda transaction: transaction.next_state(floor))


def _write_defaults(transaction: WriteTransaction, defaults: Defaults) -> None:
    transaction.next_state()
    transaction.set_meta(DEFAULTS, orjson.dumps(asdict(defaults)))
