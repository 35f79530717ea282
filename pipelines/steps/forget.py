"""Erasure step: erases the named customers, as DELETE /v1/customers/{id} does for one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from features.calendar import micros
from features.canonical_form import canonical_id
from pipelines.home import Home
from serving.observability.audit_log import COMMAND_LINE, ERASURE, AuditLog
from serving.privacy.erasure import erase_customer


def run(home: Home, customer_ids: Sequence[str], timestamp: datetime) -> Iterator[dict[str, Any]]:
    """Erase these customers, in whatever spelling of their ids, and yield one report for each, without its id.

    The write lock is taken for each customer separately, so that a long list does not block other writers.

    Raises:
        AuditWriteFailed: a line of the audit could not be written; the customers are erased all the same.
    """
    audit, ledger = AuditLog.open(home.folder), home.ledger()
    for customer_id in customer_ids:
        canonical = canonical_id(customer_id, ledger.id_case())
        fields = {"customer": audit.pseudonym(canonical), "tombstone": ledger.tombstone(canonical).hex()}
        append = partial(audit.append_done, ERASURE, COMMAND_LINE, micros(timestamp), **fields)
        yield erase_customer(home.folder, home.online, ledger, customer_id, append).to_report()
    audit.write_owed()
