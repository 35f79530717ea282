"""Ledger checks: whether the consents in the store are those that the home remembers."""

from __future__ import annotations

from features.consents.backends import LOCAL_FOLDER, RESTORING_FOLDER
from features.consents.ledger_repair import LedgerRepair
from features.storage.secret import MEMORY_FILE, load_secret
from pipelines.diagnostics.check import Finding, check, ok, problem
from pipelines.diagnostics.surroundings import Surroundings


@check(
    "stores",
    "consents memory",
    expected="the ledger that this home remembers, begun with its secret, and not older than it was seen",
    remedy="Put the newest copy of the store back, or stop the service and run `flywheel restore`",
)
def ledger_memory(surroundings: Surroundings) -> Finding:
    """The ledger against ``ledger.json`` and the secret."""
    home = surroundings.home
    if (home.folder / RESTORING_FOLDER).is_dir():
        return problem("a restore was interrupted")
    if not (home.folder / MEMORY_FILE).exists() and not (home.folder / LOCAL_FOLDER).is_dir():
        return ok("there are no consents yet")
    if (home.folder / MEMORY_FILE).exists():
        load_secret(home.folder)
    loss = LedgerRepair(home.folder, home.online).find_loss()
    if loss.is_memory_damaged:
        return problem(f"{MEMORY_FILE} is damaged")
    if loss and loss.expected is not None:
        return problem(
            f"state {loss.revision} of {loss.ledger_id or 'no ledger'}, remembered state {loss.expected.revision} of "
            f"{loss.expected.ledger}"
        )
    return ok(f"state {loss.revision} of {loss.ledger_id or 'a ledger without an id yet'}")


LEDGER_CHECKS = (ledger_memory,)
