"""Erasure step: erases the named customers, as DELETE /v1/customers/{id} does for one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from features.calendar import micros
from pipelines.home import Home
from serving.observability.audit_log import COMMAND_LINE, AuditLog
from serving.privacy.erasure import erase_customer, erasure_line


def run(home: Home, customer_ids: Sequence[str], timestamp: datetime) -> Iterator[dict[str, Any]]:
    """Erase these customers, in whatever spelling of their ids, and yield one report for each, without its id.

    The write lock is taken for each customer separately, so that a long list does not block other writers.

    Raises:
        AuditWriteFailed: a line of the audit could not be written; the customers are erased all the same.
    """
    audit, ledger = AuditLog.open(home.folder), home.ledger()
    for customer_id in customer_ids:
        append = erasure_line(audit, ledger, customer_id, COMMAND_LINE, micros(timestamp))
        yield erase_customer(home.folder, home.online, ledger, customer_id, append).to_report()
    audit.write_owed()
