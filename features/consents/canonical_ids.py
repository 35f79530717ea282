"""Canonical ids in the ledger: consents recorded under another spelling of an id move to its canonical form."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from features.canonical_form import IdCase, canonical_id
from features.consents.consent import Consent, LedgerRecord, merge_spellings
from features.consents.ledger import BATCH_SIZE, Ledger


def adopt_id_case(ledger: Ledger, id_case: IdCase) -> int:
    """Copy consents to the canonical ids, then name ``id_case`` in the ledger, then remove the copied ones.

    Where the spellings of an id have consents that differ, a denial wins. A reader that knows the old form meanwhile
    finds the old consents, one that knows the new form the new ones. Returns the number of moved customers. Idempotent.
    """
    canonical_by_id = {
        record.customer_id: canonical
        for record in ledger.all_records()
        if (canonical := canonical_id(record.customer_id, id_case)) not in ("", record.customer_id)
    }
    updates = iter(_merge_records(ledger, canonical_by_id).items())
    while batch := dict(islice(updates, BATCH_SIZE)):
        ledger.record(batch)
    ledger.set_id_case(id_case)
    for start in range(0, len(canonical_by_id), BATCH_SIZE):
        ledger.discard([*islice(canonical_by_id, start, start + BATCH_SIZE)])
    return len(canonical_by_id)


def _merge_records(ledger: Ledger, canonical_by_id: dict[str, str]) -> dict[str, list[Consent]]:
    """The consents of each canonical id, from all of its spellings."""
    records: dict[str, list[LedgerRecord]] = {canonical: [] for canonical in canonical_by_id.values()}
    for record in ledger.all_records() if records else ():
        canonical = canonical_by_id.get(record.customer_id, record.customer_id)
        if canonical in records:
            records[canonical].append(record)
    return {canonical: merge_spellings(_spelled_consents(group)) for canonical, group in records.items()}


def _spelled_consents(records: list[LedgerRecord]) -> Iterator[tuple[str, Consent]]:
    return ((record.customer_id, consent) for record in records for consent in record.consents.entries)
