"""Does this Redis still hold the home's consents? The home keeps a mark of them, since an emptied one knows nothing.

Without it, everybody who ever said no would count as somebody who never said anything.
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
    """The ledger that a home's consents went to, and proof of the secret by which it knows the forgotten."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._binding_file = home / BINDING_FILE
        self._bound_ledger_id: str | None = None

    @cached_property
    def proof(self) -> str:
        """The same for every home with this secret, which cannot be told from it."""
        return keyed_digest(load_secret(self._home), _PURPOSE, "").hex()

    def new_ledger_id(self) -> str:
        """A name for a ledger that was never there."""
        return token_hex(16)

    def check(self, ledger_id: str | None, proof: str | None, location: str) -> None:
        """Whether a ledger is this home's, by its name and its proof; a home that has none yet takes it.

        Raises:
            RowsLost: it is another one, or none is left.
            InvalidSecret: it was begun with another secret.
            HomeNotWritable: the home cannot keep the mark.
        """
        if ledger_id is not None and ledger_id == self._bound_ledger_id:
            return
        kept = self._read_ledger_id()
        if kept is not None and kept != ledger_id:
            raise RowsLost(
                f"{location} has lost the consents of {self._home}: found {ledger_id or 'no ledger'}, expected {kept}. "
                "Restore its append-only file. Only where there is none: stop the service, remove "
                f"{self._binding_file}, run `flywheel ingest`, and repeat what customers said and every erasure since."
            )
        if ledger_id is None:
            return
        if proof != self.proof:
            raise InvalidSecret(
                f"Found another secret in {self._home / 'secret'} than the one with which the consents in {location} were "
                "begun; expected the same, or nobody forgotten is known again. Copy the file from the home that began "
                "them, and start again."
            )
        self.bind(ledger_id)

    def bind(self, ledger_id: str) -> None:
        """Remember the ledger."""
        try:
            if not self._binding_file.is_file():
                replace_private(self._binding_file, ledger_id.encode())
        except OSError as error:
            raise HomeNotWritable(
                f"Found no way to write {self._binding_file} ({error.strerror}); expected a folder that takes the mark of its "
                "consents. Give this user access to it."
            ) from None
        self._bound_ledger_id = ledger_id

    def _read_ledger_id(self) -> str | None:
        try:
            return self._binding_file.read_text()
        except FileNotFoundError:
            return None
