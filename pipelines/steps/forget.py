"""Customers are forgotten: what the service does for one, for as many as are named, from the command line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from features.calendar import micros
from pipelines.cli.console import CommandConsole
from pipelines.home import Home
from serving.observability.audit_log import COMMAND_LINE, ERASURE, AuditLog
from serving.privacy.erasure import erase_customer


def run(home: Home, customer_ids: Sequence[str], timestamp: datetime) -> Iterator[dict[str, Any]]:
    """Forget these customers, one after the other; a report for each, without its id.

    The home is taken for each alone, so that a longer list does not keep other writers out.
    """
    audit, ledger = AuditLog.open(home.folder), home.ledger()
    for customer_id in customer_ids:
        audit.append(ERASURE, COMMAND_LINE, micros(timestamp), customer=audit.pseudonym(customer_id))
        yield erase_customer(home.folder, home.online, ledger, customer_id).to_report()


class ErasureConsole(CommandConsole):
    """Shows what was removed, without of whom."""

    def show_erasures(self, reports: Sequence[Mapping[str, Any]]) -> None:
        """What was removed of whom, in the order asked for."""
        if self._json_output:
            self._print_json({"customers": reports})
            return
        for report in reports:
            rows = ", ".join(f"{where} {count:,}" for where, count in report["removed"].items() if count)
            seen = ", ".join(one["release"] for one in report["trained_releases"]) or "none"
            self._out.print(f"{report['status']}: rows removed: {rows or 'none'}; releases that had seen them: {seen}.")
        if reports:
            self._out.print(f"Kept: {reports[0]['kept']}.", soft_wrap=True)
