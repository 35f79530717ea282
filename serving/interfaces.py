"""What does the service need of a release, and of the feature store? These two, and no more."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from features.arrays import Floats
from features.consents.ledger import Ledger
from features.online.feature_rows import FeatureRows
from features.views import View
from training.inference.categories.forecast import CategoryForecast
from training.inference.explanations.reasons import Reason
from training.inference.forecast import Forecast
from training.inference.release_manifest import ReleaseMetadata

Result = TypeVar("Result")


class ReleasePort(Protocol):
    """The three models that were promoted together, ready to answer."""

    version: str
    model_versions: dict[str, str]
    metadata: ReleaseMetadata
    views: tuple[View, ...]
    cards: Sequence[Mapping[str, Any]]  # plain JSON, one per model

    def forecast(self, stored: FeatureRows, as_of: int) -> Forecast:
        """Predictions for the stored customers, from ``as_of`` (microseconds since 1970 UTC) onwards."""
        ...

    def by_category(self, stored: FeatureRows, as_of: int, overall: Forecast) -> CategoryForecast | None:
        """The next order in each category, given the forecast of any; None for a shop without categories."""
        ...

    def reasons(self, stored: FeatureRows, as_of: int, answers: Sequence[str]) -> Sequence[Sequence[Reason]]:
        """What moved some of the three answers of each stored customer most; nothing of one nobody knows."""
        ...

    def churn_percentile(self, probability: Floats) -> Floats:
        """Mid-rank within the population scored at promotion, 0 to 100, (n,)."""
        ...


class FeatureReader(Protocol):
    """Where a worker reads what is known of customers."""

    @property
    def timeout_seconds(self) -> float | None:
        """The most seconds that a read should take; None where it never waits for another machine."""
        ...

    def read(self, customer_ids: Sequence[str]) -> FeatureRows:
        """What is stored of these customers, in the order asked for."""
        ...


class ConsentReader(Protocol):
    """Reads the consent ledger without blocking the event loop."""

    @property
    def ledger(self) -> Ledger:
        """The ledger of the home."""
        ...

    async def call(self, function: Callable[[], Result]) -> Result:
        """Run a function that reads the ledger; raise StoreUnavailable after the ledger's timeout."""
        ...


@dataclass(frozen=True, eq=False)
class ActiveRelease:
    """Active release: a release and the reader of its features; each request is answered from one of them."""

    release: ReleasePort
    features: FeatureReader
