"""The raw log becomes the canonical history; nothing is done when neither log nor description changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from features.calendar import micros
from features.config.shop import Description
from features.config.sources import Consents
from features.consents.consent import Defaults
from features.consents.log_import import take
from features.ingestion.event_kinds import unmatched_kinds
from features.ingestion.ingest import Manifest, ingest, read_manifest, source_digest
from features.storage.atomic_files import replace_text
from pipelines.home import Home
from serving.observability.audit_log import COMMAND_LINE, CONSENT, Audit


def run(description: Description, home: Home, at: datetime, say: Callable[[str], None]) -> Manifest:
    """Ingest the log that the description names, unless that has been done; nobody forgotten comes back by it.

    Consents that it changes leave a line in the audit, as of the instant ``at``.
    """
    known = read_manifest(home.history)
    if known and (known.description, known.source) == (description.fingerprint, source_digest(description)):
        say("the history is up to date")
        _take_consents(description, known, home, at, say)
        return known
    done = ingest(description, home.history, say, home.ledger().forgotten_among)
    if description.events is not None:
        for sentence in unmatched_kinds(description.events, home.history):
            say(f"note: {sentence}")
    _take_consents(description, done, home, at, say)
    return done


def _take_consents(
    description: Description, manifest: Manifest, home: Home, at: datetime, say: Callable[[str], None]
) -> None:
    """What the log says of consents goes to the ledger, where it is newer than what callers said since."""
    mark, source = home.history / "consents.taken", f"{manifest.description} {manifest.source}"
    if mark.is_file() and mark.read_text() == f"{source} {home.ledger().identity()}":
        return
    home.ledger().adopt(Defaults(**description.business.consent_defaults.model_dump()))
    if description.consents is not None:
        _take(description.consents, home, at, say)
    # The ledger may have begun with them.
    replace_text(mark, f"{source} {home.ledger().identity()}")


def _take(described: Consents, home: Home, at: datetime, say: Callable[[str], None]) -> None:
    ledger = home.ledger()
    taken = take(home.history / "consents.parquet", described.purposes, ledger)
    if taken.customers:
        said = {"customers": taken.customers, "consent_state": str(ledger.state())}
        Audit.open(home.folder).note(CONSENT, COMMAND_LINE, micros(at), **said)
    say(f"consents of {taken.customers:,} customers are new")
    if taken.unused:
        listed = ", ".join(map(repr, taken.unused[:5]))
        say(f"note: consents for purposes that mean nothing here are not used: {listed}; name them under `purposes`")
