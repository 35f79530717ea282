"""Record writes: the consents of one customer are replaced or removed within a write transaction of the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from features.consents.consent import Consent, Consents, LedgerRecord
from features.consents.recording_dates import clamp_dates, settle_future_dates
from features.consents.storage import WriteTransaction


def write_newer(
    transaction: WriteTransaction,
    customer_id: str,
    stored: bytes | None,
    updates: Iterable[Consent],
    *,
    now: int | None,
    replace_ties: bool,
) -> bool:
    """Write the newer consents of one customer; return whether there were any.

    Recorded at ``now``, microseconds since 1970 UTC, none is dated later; None copies consents with their dates.
    """
    record = None if stored is None else LedgerRecord.from_bytes(stored)
    before = Consents() if record is None else record.consents
    if now is None:
        after = before.merge(updates, replace_ties=replace_ties)
    else:
        after = settle_future_dates(before, now).merge(clamp_dates(updates, now), replace_ties=replace_ties)
    if after == before:
        return False
    state = transaction.next_state()
    packed = LedgerRecord(customer_id, after, state).to_bytes()
    transaction.put(customer_id, packed, None if record is None else record.state, state)
    return True


def remove_records(transaction: WriteTransaction, customer_ids: Sequence[str]) -> int:
    """Remove the consents of the customers of a write; return their number."""
    removed = 0
    for customer_id, stored in zip(customer_ids, transaction.stored_records.records, strict=True):
        # A damaged record is removed all the same.
        record = None if stored is None else LedgerRecord.from_bytes_if_intact(stored)
        transaction.remove(customer_id, None if record is None else record.state)
        removed += 0 if record is None else len(record.consents.entries)
    return removed
