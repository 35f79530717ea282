"""Does this Redis still hold the home's consents? The home keeps a mark of them, since an emptied one knows nothing.

Without it, everybody who ever said no would count as somebody who never said anything.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from secrets import token_hex

from features.errors import LostRows
from features.storage.atomic_files import replace_private
from features.storage.secret import BadSecret, digest, secret
from features.storage.write_lock import NoHome

MARK = "consents.redis"
_PURPOSE = "ledger"


class Belonging:
    """The ledger that a home's consents went to, and proof of the secret by which it knows the forgotten."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._mark = home / MARK
        self._known: str | None = None

    @cached_property
    def proof(self) -> str:
        """The same for every home with this secret, which cannot be told from it."""
        return digest(secret(self._home), _PURPOSE, "").hex()

    def new(self) -> str:
        """A name for a ledger that was never there."""
        return token_hex(16)

    def check(self, ledger: str | None, proof: str | None, where: str) -> None:
        """Whether a ledger is this home's, by its name and its proof; a home that has none yet takes it.

        Raises:
            LostRows: it is another one, or none is left.
            BadSecret: it was begun with another secret.
            NoHome: the home cannot keep the mark.
        """
        if ledger is not None and ledger == self._known:
            return
        kept = self._kept()
        if kept is not None and kept != ledger:
            raise LostRows(
                f"{where} has lost the consents of {self._home}: found {ledger or 'no ledger'}, expected {kept}. "
                "Restore its append-only file. Only where there is none: stop the service, remove "
                f"{self._mark}, run `flywheel ingest`, and repeat what customers said and every erasure since."
            )
        if ledger is None:
            return
        if proof != self.proof:
            raise BadSecret(
                f"Found another secret in {self._home / 'secret'} than the one with which the consents in {where} were "
                "begun; expected the same, or nobody forgotten is known again. Copy the file from the home that began "
                "them, and start again."
            )
        self.keep(ledger)

    def keep(self, ledger: str) -> None:
        """Remember the ledger."""
        try:
            if not self._mark.is_file():
                replace_private(self._mark, ledger.encode())
        except OSError as error:
            raise NoHome(
                f"Found no way to write {self._mark} ({error.strerror}); expected a folder that takes the mark of its "
                "consents. Give this user access to it."
            ) from None
        self._known = ledger

    def _kept(self) -> str | None:
        try:
            return self._mark.read_text()
        except FileNotFoundError:
            return None
