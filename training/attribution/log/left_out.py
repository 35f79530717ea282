"""Customers who are left out of attribution: who were erased, and who do not consent to profiling."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from features.consents.erasure_state import erased_until
from features.consents.ledger import Ledger


@dataclass(frozen=True)
class LeftOutCustomers:
    """Selects the customers whose rows must not be used at an instant, microseconds since 1970 UTC."""

    home: Path
    ledger: Ledger
    now: int

    def __call__(self, customer_ids: Iterable[str]) -> Sequence[str]:
        """Those of the ids that are left out; an erasure that is not applied to the files yet counts."""
        ids = list(customer_ids)
        scope = self.ledger.profiling_scope(self.now)
        exceptions = set(scope.exception_ids)
        refused = [each for each in ids if (each in exceptions) == scope.by_default]
        return [*refused, *self.ledger.erased_among(ids, erased_until(self.home))]
