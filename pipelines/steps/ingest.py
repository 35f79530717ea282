"""Ingestion step: writes the canonical history from the raw log, unless log and config are unchanged (idempotent)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from features.calendar import micros
from features.canonical_form import canonical_id
from features.config.shop import ShopConfig
from features.config.sources import ConsentsSource
from features.consents.canonical_ids import adopt_id_case
from features.consents.consent import MAX_CHANNELS, Defaults
from features.consents.first_seen import IMPORT_MARKER
from features.consents.ledger import Ledger
from features.consents.log_import import import_consents
from features.ingestion.alias_file import ALIAS_FILE
from features.ingestion.event_kinds import unmatched_kinds
from features.ingestion.ingest import ingest
from features.ingestion.manifest import HistoryManifest, read_manifest
from features.ingestion.source_digests import source_digest
from features.storage.atomic_files import replace_text
from features.storage.row_deletion import is_readable
from features.wording import count_of
from pipelines.home import Home
from pipelines.learning.decisions.folding import fold
from pipelines.learning.feedback_classifier import open_classifier
from pipelines.steps.global_holdout import record_configured_holdout
from pipelines.steps.tag_destinations import record_configured_destinations
from serving.observability.audit_log import COMMAND_LINE, CONSENT, AuditLog
from serving.privacy.audit_replay import apply_waiting


def run(config: ShopConfig, home: Home, timestamp: datetime, report: Callable[[str], None]) -> HistoryManifest:
    """Ingest the configured log unless that has been done; erased customers stay out. Decisions are folded every time.

    If the log changes consents, the audit log records it as of ``timestamp``.
    """
    stored, classifier = read_manifest(home.history), open_classifier(config, home)
    if (
        stored
        and _is_complete(config, home, stored)
        and (stored.config, stored.source) == (config.fingerprint, source_digest(config, classifier))
    ):
        report("the history is up to date")
        import_log_consents(config, stored, home, timestamp, report)
        record_configured_holdout(config, stored, home, timestamp, report)
        record_configured_destinations(config, home, report)
        _fold_decisions(home, report)
        return stored
    manifest = ingest(config, home.history, report, erased_selector(config, home.ledger()), classifier)
    if config.events is not None:
        for sentence in unmatched_kinds(config.events, home.history):
            report(f"note: {sentence}")
    import_log_consents(config, manifest, home, timestamp, report)
    record_configured_holdout(config, manifest, home, timestamp, report)
    record_configured_destinations(config, home, report)
    _fold_decisions(home, report)
    return manifest


def _fold_decisions(home: Home, report: Callable[[str], None]) -> None:
    if folded := fold(home):
        report(
            f"the history has {count_of(folded.decisions, 'decision')}, {count_of(folded.exposures, 'exposure')} and "
            f"{count_of(folded.outcomes, 'outcome')}"
        )


def _is_complete(config: ShopConfig, home: Home, stored: HistoryManifest) -> bool:
    """Whether the tables of a history are whole; of an earlier version, it has no alias file, which erasures need."""
    has_aliases = config.aliases is None or (home.history / ALIAS_FILE).is_file()
    return has_aliases and all(is_readable(home.history / f"{table.table}.parquet") for table in stored.tables)


def erased_selector(config: ShopConfig, ledger: Ledger) -> Callable[[Iterable[str]], Sequence[str]]:
    """The function that selects erased customers by any spelling of their ids; each gets a tombstone in canonical form.

    A tombstone does not show the id, so only the spelling with which it was made can find it.
    """

    def select(spellings: Iterable[str]) -> Sequence[str]:
        erased = ledger.erased_among(spellings)
        canonical_ids = {canonical_id(spelling, config.id_case) for spelling in erased} - {*erased}
        for customer_id in sorted(canonical_ids - {*ledger.erased_among(canonical_ids)}):
            ledger.erase(customer_id)
        return erased

    return select


def import_log_consents(
    config: ShopConfig, manifest: HistoryManifest, home: Home, timestamp: datetime, report: Callable[[str], None]
) -> None:
    """Import the log's consents into the ledger, where they are newer than those recorded over the API."""
    marker, source = home.history / IMPORT_MARKER, f"{manifest.config} {manifest.source}"
    if waiting := apply_waiting(home.folder, home.ledger()):
        count = waiting.consents + waiting.erasures
        report(f"consents and erasures of {count:,} customers that waited since a restore are recorded")
    if marker.is_file() and marker.read_text() == f"{source} {home.ledger().identity()}":
        return
    moved = adopt_id_case(home.ledger(), config.id_case)
    if moved:
        report(f"note: consents of {moved:,} customers were moved to the canonical form of their ids")
    home.ledger().set_defaults(Defaults(**config.business.consent_defaults.model_dump()))
    if config.consents is not None:
        _import_consent_log(config.consents, home, timestamp, report)
    # The identity is read again: the import may have created the ledger.
    replace_text(marker, f"{source} {home.ledger().identity()}")


def _import_consent_log(
    consents_config: ConsentsSource, home: Home, timestamp: datetime, report: Callable[[str], None]
) -> None:
    ledger = home.ledger()
    summary = import_consents(home.history / "consents.parquet", consents_config.purposes, ledger, micros(timestamp))
    if summary.changed_customers:
        details = {"customers": summary.changed_customers, "consent_state": str(ledger.state())}
        AuditLog.open(home.folder).append(CONSENT, COMMAND_LINE, micros(timestamp), **details)
    report(f"consents of {summary.changed_customers:,} customers changed")
    if summary.future_consents:
        report(
            f"note: {count_of(summary.future_consents, 'consent')} dated after now, counted from when first read: "
            "correct their dates in the log"
        )
    if summary.folded_customers:
        report(
            f"note: {count_of(summary.folded_customers, 'customer')} with consents for over {MAX_CHANNELS} channels: "
            "the newest count, and a no among the others is a no to all; do not name campaigns as channels"
        )
    if summary.unused_purposes:
        purposes = ", ".join(map(repr, summary.unused_purposes[:5]))
        report(f"note: consents for unmapped purposes are not used: {purposes}; map them under `purposes`")
