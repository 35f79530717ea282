"""Ledger binding: a home accepts the ledger of its own secret only, and none older than what it remembers.

Without the binding, a customer who denied consent would count as a customer without a recorded consent.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from secrets import token_hex

from features.consents.erasure_state import erased_until
from features.consents.ledger_memory import LedgerMemory, LedgerPoint, StoreKind
from features.consents.storage import LedgerFacts
from features.errors import RowsLost
from features.storage.secret import InvalidSecret, keyed_digest, load_secret
from features.storage.write_lock import HomeNotWritable

_PURPOSE = "ledger"


class LedgerBinding:
    """Ledger binding of one home: the memory of its ledger, and the proof of the secret that tombstones need."""

    def __init__(self, home: Path, store: StoreKind) -> None:
        self._home = home
        self.store = store
        self._memory = LedgerMemory(home)
        self._proven_id: str | None = None
        self._is_lenient = False

    @cached_property
    def proof(self) -> str:
        """A keyed hash that is the same for every home with this secret and does not reveal the secret."""
        return keyed_digest(load_secret(self._home), _PURPOSE, "").hex()

    @staticmethod
    def new_ledger_id() -> str:
        """A random id for a new ledger."""
        return token_hex(16)

    @contextmanager
    def lenient(self) -> Iterator[None]:
        """Accept any ledger of this secret in this process and remember nothing, while a loss is repaired."""
        self._is_lenient = True
        try:
            yield
        finally:
            self._is_lenient = False

    def last_point(self) -> LedgerPoint | None:
        """What the home remembers of the ledger in this store; None before the first write.

        Read it before the store: a state that another process writes between the two reads is then later, not lost.

        Raises:
            InvalidStore: the memory is damaged.
            HomeNotWritable: the memory cannot be read.
        """
        if self._is_lenient:
            return None
        try:
            point = self._memory.read()
        except OSError as error:
            raise self._no_access(error) from None
        # A local ledger that has not moved to Redis yet says nothing about the one in Redis.
        return None if point is not None and (point.store, self.store) == ("lmdb", "redis") else point

    def check(self, remembered: LedgerPoint | None, found: LedgerFacts, location: str) -> None:
        """Check that a ledger is this home's and not older than it remembers; its state is then remembered.

        Args:
            remembered: what ``last_point`` returned before the ledger was read.
            found: what the store says about the ledger.
            location: where it was read, for messages.

        Raises:
            RowsLost: it is another ledger, an older copy, or it is gone.
            InvalidSecret: it was begun with another secret.
        """
        if remembered is not None:
            self._refuse_loss(remembered, found, location)
        elif not self._is_lenient:
            self._refuse_without_memory(found, location)
        if found.ledger_id is None:
            return
        if found.ledger_id != self._proven_id:
            self._check_proof(found, location)
            self._proven_id = found.ledger_id
        if not self._is_lenient and (remembered is None or found.revision > remembered.revision):
            with suppress(OSError):  # a reader without write access goes on; the writer of the state remembers it
                self._memory.advance(LedgerPoint(found.ledger_id, found.revision, self.store))

    def record_write(self, ledger_id: str, revision: int) -> None:
        """Remember the state of a write before it is confirmed to anyone; raises HomeNotWritable if that fails."""
        if self._is_lenient:
            return
        try:
            self._memory.advance(LedgerPoint(ledger_id, revision, self.store))
        except OSError as error:
            raise self._no_access(error) from None

    def accept(self, ledger_id: str, revision: int) -> None:
        """Remember this ledger instead of any other, after a loss was repaired."""
        self._memory.replace(LedgerPoint(ledger_id, revision, self.store))

    def _refuse_loss(self, remembered: LedgerPoint, found: LedgerFacts, location: str) -> None:
        if found.ledger_id != remembered.ledger:
            raise RowsLost(
                f"{location} has lost the consents of {self._home}: found {found.ledger_id or 'no ledger'}, expected "
                f"{remembered.ledger}. Put the newest copy of its files back; where there is none, stop the service "
                "and run `flywheel restore`."
            )
        if found.revision < remembered.revision or remembered.is_older:
            if not remembered.is_older:
                # Others may write to the older copy until its state is higher; what it lost is missing even then.
                with suppress(OSError):
                    self._memory.mark_older(remembered.ledger)
            raise RowsLost(
                f"{location} holds or held an older copy of the consents of {self._home}: found state "
                f"{found.revision}, expected {remembered.revision} or later. Consents and erasures between are "
                "missing: stop the service and run `flywheel restore`, which repeats them."
            )

    def _refuse_without_memory(self, found: LedgerFacts, location: str) -> None:
        """Refuse a ledger older than the erasures that this home has applied, where the memory is lost as well."""
        erased = 0 if self._memory.exists() else erased_until(self._home)
        if found.revision < erased:
            raise RowsLost(
                f"{location} has lost consents of {self._home}, and {self._memory.path.name} is lost too: found state "
                f"{found.revision}, expected {erased} or later, up to which erasures were applied. Put the newest "
                "copies back; where there are none, stop the service and run `flywheel restore`."
            )

    def _check_proof(self, found: LedgerFacts, location: str) -> None:
        if found.proof != self.proof:
            raise InvalidSecret(
                f"Found another secret in {self._home / 'secret'} than the one with which the consents in {location} "
                "were begun; expected the same, or no erased customer can be recognised. Copy the file from the home "
                "that began them or from a backup (`flywheel restore --from BACKUP --force`), and start again."
            )

    def _no_access(self, error: OSError) -> HomeNotWritable:
        return HomeNotWritable(
            f"Found no way to read and write {self._memory.path} ({error.strerror}); expected a writable folder for "
            "the id and the state of the ledger. Give this user access to it."
        )
