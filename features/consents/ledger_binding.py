"""Ledger binding: the home remembers the id of its ledger in Redis, so that an emptied Redis is noticed.

Without the binding, a customer who denied consent would count as a customer without a recorded consent.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from secrets import token_hex

from features.errors import RowsLost
from features.storage.atomic_files import replace_private
from features.storage.secret import InvalidSecret, keyed_digest, load_secret
from features.storage.write_lock import HomeNotWritable

BINDING_FILE = "consents.redis"
_PURPOSE = "ledger"


class LedgerBinding:
    """The id of the ledger with a home's consents, and a proof of the secret that its tombstones need."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._binding_file = home / BINDING_FILE
        self._bound_ledger_id: str | None = None

    @cached_property
    def proof(self) -> str:
        """A keyed hash that is the same for every home with this secret and does not reveal the secret."""
        return keyed_digest(load_secret(self._home), _PURPOSE, "").hex()

    def new_ledger_id(self) -> str:
        """A random id for a new ledger."""
        return token_hex(16)

    def bound_ledger_id(self) -> str | None:
        """The id of this home's ledger, None before the first write.

        Read it before Redis: a ledger that another writer begins between the two reads is then new, not lost.
        """
        return self._bound_ledger_id or self._read_ledger_id()

    def check(self, bound_id: str | None, ledger_id: str | None, proof: str | None, location: str) -> None:
        """Check by id and proof that a ledger belongs to this home; a home that has no ledger yet is bound to it.

        Args:
            bound_id: what ``bound_ledger_id`` returned before the ledger was read.
            ledger_id: the id of the ledger that was read, None if there is none.
            proof: the proof of the secret in that ledger.
            location: where it was read, for messages.

        Raises:
            RowsLost: it is another ledger, or it is gone.
            InvalidSecret: it was created with another secret.
            HomeNotWritable: the binding cannot be written to the home.
        """
        if ledger_id is not None and ledger_id == self._bound_ledger_id:
            return
        if bound_id is not None and bound_id != ledger_id and (bound_id := self._read_ledger_id()) is not None:
            raise RowsLost(
                f"{location} has lost the consents of {self._home}: found {ledger_id or 'no ledger'}, expected "
                f"{bound_id}. Restore its append-only file. Only where there is none: stop the service, remove "
                f"{self._binding_file}, run `flywheel ingest`, and repeat every consent and every erasure since."
            )
        if ledger_id is None:
            return
        if proof != self.proof:
            raise InvalidSecret(
                f"Found another secret in {self._home / 'secret'} than the one with which the consents in {location} "
                "were begun; expected the same, or no erased customer can be recognised. Copy the file from the home "
                "that began them, and start again."
            )
        self.bind(ledger_id)

    def bind(self, ledger_id: str) -> None:
        """Write the ledger's id to the home. Raises HomeNotWritable if that fails."""
        try:
            if not self._binding_file.is_file():
                replace_private(self._binding_file, ledger_id.encode())
        except OSError as error:
            raise HomeNotWritable(
                f"Found no way to write {self._binding_file} ({error.strerror}); expected a writable folder for "
                "the id of the ledger. Give this user access to it."
            ) from None
        self._bound_ledger_id = ledger_id

    def _read_ledger_id(self) -> str | None:
        try:
            return self._binding_file.read_text()
        except FileNotFoundError:
            return None
