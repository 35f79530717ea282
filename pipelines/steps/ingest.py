"""The raw log becomes the canonical history; nothing is done when neither log nor description changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from features.calendar import micros
from features.config.shop import ShopConfig
from features.config.sources import ConsentsSource
from features.consents.consent import Defaults
from features.consents.log_import import import_consents
from features.ingestion.event_kinds import unmatched_kinds
from features.ingestion.ingest import HistoryManifest, ingest, read_manifest, source_digest
from features.storage.atomic_files import replace_text
from pipelines.home import Home
from serving.observability.audit_log import COMMAND_LINE, CONSENT, AuditLog


def run(config: ShopConfig, home: Home, timestamp: datetime, report: Callable[[str], None]) -> HistoryManifest:
    """Ingest the log that the description names, unless that has been done; nobody forgotten comes back by it.

    Consents that it changes leave a line in the audit, as of the instant ``timestamp``.
    """
    known = read_manifest(home.history)
    if known and (known.config, known.source) == (config.fingerprint, source_digest(config)):
        report("the history is up to date")
        _import_consents(config, known, home, timestamp, report)
        return known
    done = ingest(config, home.history, report, home.ledger().erased_among)
    if config.events is not None:
        for sentence in unmatched_kinds(config.events, home.history):
            report(f"note: {sentence}")
    _import_consents(config, done, home, timestamp, report)
    return done


def _import_consents(
    config: ShopConfig, manifest: HistoryManifest, home: Home, timestamp: datetime, report: Callable[[str], None]
) -> None:
    """What the log says of consents goes to the ledger, where it is newer than what callers said since."""
    mark, source = home.history / "consents.taken", f"{manifest.config} {manifest.source}"
    if mark.is_file() and mark.read_text() == f"{source} {home.ledger().identity()}":
        return
    home.ledger().set_defaults(Defaults(**config.business.consent_defaults.model_dump()))
    if config.consents is not None:
        _import_consent_log(config.consents, home, timestamp, report)
    # The ledger may have begun with them.
    replace_text(mark, f"{source} {home.ledger().identity()}")


def _import_consent_log(
    consents_config: ConsentsSource, home: Home, timestamp: datetime, report: Callable[[str], None]
) -> None:
    ledger = home.ledger()
    taken = import_consents(home.history / "consents.parquet", consents_config.purposes, ledger)
    if taken.changed_customers:
        said = {"customers": taken.changed_customers, "consent_state": str(ledger.state())}
        AuditLog.open(home.folder).append(CONSENT, COMMAND_LINE, micros(timestamp), **said)
    report(f"consents of {taken.changed_customers:,} customers are new")
    if taken.unused_purposes:
        listed = ", ".join(map(repr, taken.unused_purposes[:5]))
        report(f"note: consents for purposes that mean nothing here are not used: {listed}; name them under `purposes`")
