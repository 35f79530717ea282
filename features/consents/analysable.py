"""Analysable customers: those whose rows an analysis may use, with consent to profiling and not erased."""

from __future__ import annotations

from collections.abc import Sequence

from features.consents.ledger import Ledger


def analysable_ids(ledger: Ledger, customer_ids: Sequence[str], now: int, erased_since: int = 0) -> list[str]:
    """Those of the customers whose data may be analysed; an erasure counts at once, whatever the files still hold.

    Args:
        ledger: the consents.
        customer_ids: canonical ids.
        now: microseconds since 1970 UTC.
        erased_since: the state of the ledger up to which erasures had been applied to the files (``erased_until``)
            before they were opened.

    Raises:
        StoreUnavailable: the ledger cannot be read.
    """
    scope, erased = ledger.profiling_scope(now), {*ledger.erased_among(customer_ids, erased_since)}
    exceptions = {*scope.exception_ids}
    return [
        customer_id
        for customer_id in customer_ids
        if (customer_id not in exceptions) == scope.by_default and customer_id not in erased
    ]
