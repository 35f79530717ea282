"""Of whom may this worker speak just now? Asked before anything is read of them, every time."""

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
    """The ledger, as a worker asks it."""

    ledger: Ledger

    async def blocked(self, customer_ids: Sequence[str], now: int) -> Mapping[int, ConsentStatus]:
        """The places of those of whom nothing may be said, or who were never asked; raises what the shelf does."""
        standings = await self.call(lambda: self.ledger.statuses(customer_ids, now))
        return {place: standing for place, standing in enumerate(standings) if standing}

    async def call(self, function: Callable[[], Result]) -> Result:
        """What the ledger says; one on another machine keeps nobody longer than its patience; raises Unreachable."""
        try:
            return await with_timeout(self.ledger.timeout_seconds, function)
        except TimeoutError:
            raise StoreUnavailable(
                f"The consents were not read within {self.ledger.timeout_seconds} s. Try again soon."
            ) from None


def without_prediction(release: ReleasePort, customers: FeatureReadResult, statuses: Sequence[str], as_of: int) -> Rows:
    """Envelopes without an answer, each with its own status, in the order read."""
    rows = unavailable_rows(release, customers, as_of)
    for row, status in zip(rows, statuses, strict=True):
        row["status"] = status
        if status != FEATURES_UNAVAILABLE:
            del row["reason"]
    return rows


def blocked_status(consent_status: ConsentStatus, *, known: bool) -> str:
    """Who said no is withheld; who never said anything is, if there would be anything to say."""
    if consent_status is ConsentStatus.DENIED or (consent_status is ConsentStatus.UNKNOWN and known):
        return WITHHELD_CONSENT
    return UNKNOWN_CUSTOMER
