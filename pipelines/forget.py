"""Customers are forgotten: what the service does for one, for as many as are named, from the command line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from features.calendar import micros
from pipelines.home import Home
from serving.audit import COMMAND_LINE, ERASURE, Audit
from serving.erasure import forget


def run(home: Home, customer_ids: Sequence[str], at: datetime) -> Iterator[dict[str, Any]]:
    """Forget these customers, one after the other; a report for each, without its id.

    The home is taken for each alone, so that a longer list does not keep other writers out.
    """
    audit, ledger = Audit.open(home.folder), home.ledger()
    for customer_id in customer_ids:
        audit.note(ERASURE, COMMAND_LINE, micros(at), customer=audit.of(customer_id))
        yield forget(home.folder, home.online, ledger, customer_id).report()
