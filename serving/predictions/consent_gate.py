"""Of whom may this worker speak just now? Asked before anything is read of them, every time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from features.consents.ledger import Ledger, Standing
from features.errors import Unreachable
from serving.interfaces import Release
from serving.predictions.feature_reader import UNAVAILABLE, Read, patiently, unavailable
from serving.predictions.serializers import Rows

WITHHELD = "withheld_consent"
UNKNOWN = "unknown_customer"
Found = TypeVar("Found")


@dataclass(frozen=True)
class Permission:
    """The ledger, as a worker asks it."""

    ledger: Ledger

    async def held(self, customer_ids: Sequence[str], now: int) -> Mapping[int, Standing]:
        """The places of those of whom nothing may be said, or who were never asked; raises what the shelf does."""
        standings = await self.ask(lambda: self.ledger.standings(customer_ids, now))
        return {place: standing for place, standing in enumerate(standings) if standing}

    async def ask(self, question: Callable[[], Found]) -> Found:
        """What the ledger says; one on another machine keeps nobody longer than its patience; raises Unreachable."""
        try:
            return await patiently(self.ledger.patience, question)
        except TimeoutError:
            raise Unreachable(f"The consents were not read within {self.ledger.patience} s. Try again soon.") from None


def unsaid(release: Release, customers: Read, statuses: Sequence[str], as_of: int) -> Rows:
    """Envelopes without an answer, each with its own status, in the order read."""
    rows = unavailable(release, customers, as_of)
    for row, status in zip(rows, statuses, strict=True):
        row["status"] = status
        if status != UNAVAILABLE:
            del row["reason"]
    return rows


def status_of(standing: Standing, *, known: bool) -> str:
    """Who said no is withheld; who never said anything is, if there would be anything to say."""
    if standing is Standing.WITHHELD or (standing is Standing.UNASKED and known):
        return WITHHELD
    return UNKNOWN
