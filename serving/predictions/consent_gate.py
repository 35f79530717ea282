"""Consent gate: blocks customers without consent before anything is read about them, on every request."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from features.consents.ledger import ConsentStatus, Ledger
from features.errors import StoreUnavailable
from serving.interfaces import ReleasePort
from serving.predictions.feature_reader import FEATURES_UNAVAILABLE, FeatureReadResult, unavailable_rows, with_timeout
from serving.predictions.serializers import Rows

WITHHELD_CONSENT = "withheld_consent"
UNKNOWN_CUSTOMER = "unknown_customer"
Result = TypeVar("Result")


@dataclass(frozen=True)
class ConsentGate:
    """Consent gate of one worker: reads the consent ledger before features are read."""

    ledger: Ledger

    async def blocked_statuses(self, customer_ids: Sequence[str], now: int) -> Mapping[int, ConsentStatus]:
        """Consent status of each customer that is blocked, by its index in ``customer_ids``.

        Raises:
            StoreUnavailable: the ledger was not read within its timeout.
            FlywheelError: the ledger storage cannot be read.
        """
        statuses = await self.call(lambda: self.ledger.statuses(customer_ids, now))
        return {index: status for index, status in enumerate(statuses) if status}

    async def call(self, function: Callable[[], Result]) -> Result:
        """Run a function that reads the ledger, within the timeout of the ledger.

        Raises:
            StoreUnavailable: the timeout passed.
        """
        try:
            return await with_timeout(self.ledger.timeout_seconds, function)
        except TimeoutError:
            raise StoreUnavailable(
                f"The consents were not read within {self.ledger.timeout_seconds} s. Try again soon."
            ) from None


def without_prediction(
    release: ReleasePort, customers: FeatureReadResult, statuses: Sequence[str], as_of: int, log_until: int | None
) -> Rows:
    """Rows without predictions, each with its own status, in the order of the ids."""
    rows = unavailable_rows(release, customers, as_of, log_until)
    for row, status in zip(rows, statuses, strict=True):
        row["status"] = status
        if status != FEATURES_UNAVAILABLE:
            del row["reason"]
    return rows


def blocked_status(consent_status: ConsentStatus, *, known: bool) -> str:
    """The status of a blocked customer: withheld_consent for a denial, or if a known customer has no consent."""
    if consent_status is ConsentStatus.DENIED or (consent_status is ConsentStatus.UNKNOWN and known):
        return WITHHELD_CONSENT
    return UNKNOWN_CUSTOMER
