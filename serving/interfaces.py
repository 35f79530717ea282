"""Interfaces (ports): what the service needs of a release and of the feature store."""

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
    """Release: the models that were promoted together, ready to predict."""

    version: str
    model_versions: dict[str, str]
    metadata: ReleaseMetadata
    views: tuple[View, ...]
    cards: Sequence[Mapping[str, Any]]  # plain JSON, one per model
    unranked_models: frozenset[str]  # those whose back-test ranks customers no better than chance

    def forecast(self, stored: FeatureRows, as_of: int) -> Forecast:
        """Predictions for n stored customers from ``as_of`` on (microseconds since 1970 UTC)."""
        ...

    def by_category(self, stored: FeatureRows, as_of: int, overall: Forecast) -> CategoryForecast | None:
        """The next order in each category, given the overall forecast; None for a shop without categories."""
        ...

    def reasons(self, stored: FeatureRows, as_of: int, answers: Sequence[str]) -> Sequence[Sequence[Reason]]:
        """Reasons for the named answers of each stored customer; none for an unknown customer."""
        ...

    def churn_percentile(self, probability: Floats) -> Floats:
        """Mid-rank within the population scored at promotion, 0 to 100, (n,)."""
        ...


class FeatureReader(Protocol):
    """Feature reader: reads stored features by customer id."""

    @property
    def timeout_seconds(self) -> float | None:
        """The timeout of a read in seconds; None for a store on this machine."""
        ...

    def read(self, customer_ids: Sequence[str]) -> FeatureRows:
        """Stored features, one row per id, in the order of the ids."""
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
