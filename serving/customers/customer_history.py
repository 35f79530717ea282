"""Customer history: what one customer ordered, read from the history of the home after the consents were asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from features.consents.ledger import ConsentStatus, Ledger
from features.errors import FlywheelError, NotFound, StoreDamaged, StoreUnavailable
from features.ingestion.lines_by_customer import LinesByCustomer
from serving.moments import rfc3339
from serving.schemas.customer_history import CustomerHistory

ReadFigures = Callable[[pa.Table], dict[str, Any]]


@dataclass(frozen=True)
class CustomerHistoryReader:
    """Customer history reader of one home; it reads and never writes."""

    lines: LinesByCustomer
    ledger: Ledger
    canonical_id: Callable[[str], str]

    def read(self, customer_id: str, now: int, currency: str | None, figures: ReadFigures) -> CustomerHistory:
        """The history of a customer before ``now``, microseconds since 1970 UTC; a failed read is a status.

        ``figures`` are those of ``order_months`` that the caller shows.
        """
        canonical = self.canonical_id(customer_id)
        try:
            (consent,) = self.ledger.statuses([canonical], now)
        except FlywheelError as error:
            is_unreachable = isinstance(error, StoreUnavailable) and not isinstance(error, StoreDamaged)
            return _answer(customer_id, now, "history_unavailable", reason=_CONSENT_REASONS[is_unreachable])
        if consent in (ConsentStatus.DENIED, ConsentStatus.ERASED):
            return _answer(customer_id, now, _BLOCKED[consent])
        try:
            lines = self.lines.read(canonical)
        except (NotFound, StoreDamaged) as error:
            reason = "not_on_this_machine" if isinstance(error, NotFound) else "history_damaged"
            return _answer(customer_id, now, "history_unavailable", reason=reason)
        lines = lines.filter(pc.less(lines["at_us"], now))
        if not lines.num_rows:
            return _answer(customer_id, now, "unknown_customer")
        if consent is ConsentStatus.UNKNOWN:
            return _answer(customer_id, now, "withheld_consent")
        return _answer(customer_id, now, "available", currency=currency, **figures(lines))


_BLOCKED = {ConsentStatus.DENIED: "withheld_consent", ConsentStatus.ERASED: "unknown_customer"}
_CONSENT_REASONS = {True: "store_unreachable", False: "consents_unavailable"}


def _answer(customer_id: str, now: int, status: str, **fields: object) -> CustomerHistory:
    return CustomerHistory.model_validate(
        {"customer_id": customer_id, "status": status, "as_of": rfc3339(now), **fields}
    )
