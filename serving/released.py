"""What does the service need of a release, and of the feature store? These two, and no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from features.stored import Stored
from features.views import View
from training.predict.forecast import Forecast

Floats = NDArray[np.float64]


class Facts(Protocol):
    """What a release was trained for."""

    @property
    def as_of(self) -> int:
        """The training cutoff, microseconds since 1970 UTC."""
        ...

    @property
    def name(self) -> str: ...  # noqa: D102 - the shop's
    @property
    def currency(self) -> str: ...  # noqa: D102
    @property
    def timezone(self) -> str: ...  # noqa: D102 - IANA name
    @property
    def churn_days(self) -> int: ...  # noqa: D102
    @property
    def ltv_days(self) -> tuple[int, ...]: ...  # noqa: D102
    @property
    def lead_days(self) -> int: ...  # noqa: D102
    @property
    def bands(self) -> tuple[float, float]: ...  # noqa: D102 - low is below the first, high from the second on
    @property
    def max_feature_age_days(self) -> int: ...  # noqa: D102
    @property
    def feature_service(self) -> str: ...  # noqa: D102
    @property
    def has_amounts(self) -> bool: ...  # noqa: D102


class Release(Protocol):
    """The three models that were promoted together, ready to answer."""

    @property
    def version(self) -> str: ...  # noqa: D102
    @property
    def model_versions(self) -> Mapping[str, str]: ...  # noqa: D102
    @property
    def facts(self) -> Facts: ...  # noqa: D102
    @property
    def views(self) -> tuple[View, ...]: ...  # noqa: D102
    @property
    def cards(self) -> Sequence[Mapping[str, object]]: ...  # noqa: D102 - plain JSON, one per model

    def forecast(self, stored: Stored, as_of: int) -> Forecast:
        """Predictions for the stored customers, from ``as_of`` (microseconds since 1970 UTC) onwards."""
        ...

    def churn_percentile(self, probability: Floats) -> Floats:
        """Mid-rank within the population scored at promotion, 0 to 100, (n,)."""
        ...


class Features(Protocol):
    """Where a worker reads what is known of customers."""

    def read(self, customer_ids: Sequence[str]) -> Stored:
        """What is stored of these customers, in the order asked for."""
        ...
