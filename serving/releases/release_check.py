"""Release check: a release must answer three synthetic customers correctly before it may serve."""

from __future__ import annotations

import numpy as np

from features.calendar import DAY_US
from features.online.feature_rows import FeatureRows, RaggedList
from features.views import View
from serving.interfaces import ReleasePort
from serving.predictions.scorer import score
from training.inference.forecast import Forecast

_UNKNOWN, _WITHOUT_ORDERS, _WITH_ORDERS = range(3)


class ReleaseCheckFailed(Exception):
    """The release loads, but its answers are invalid."""


def smoke_test(release: ReleasePort) -> None:
    """Check the answers for an unknown customer, one without orders and one with; this also warms up the code.

    Raises:
        ReleaseCheckFailed: an answer is invalid, or a horizon is missing.
    """
    as_of = release.metadata.as_of
    stored = synthetic_rows(release.views, as_of)
    forecast = release.forecast(stored, as_of)
    violations = [violation for violation, holds in _invariants(forecast, stored.known).items() if not holds]
    missing = {*release.metadata.ltv_days, release.metadata.churn_days} - {*forecast.horizons}
    if missing:
        violations.append(f"no horizon of {sorted(missing)} days")
    if violations:
        raise ReleaseCheckFailed(
            f"Release {release.version} failed its check on synthetic customers: found {', '.join(violations)}. "
            "Train another."
        )
    percentile = score(release, stored, as_of).by_model["churn"].percentile[stored.known]
    if not ((percentile >= 0) & (percentile <= 100)).all():
        raise ReleaseCheckFailed(
            f"Release {release.version} has percentiles outside 0 to 100: {percentile}. Train another."
        )


def synthetic_rows(views: tuple[View, ...], as_of: int) -> FeatureRows:
    """Return features of three customers: an unknown one, one without orders and one with two orders.

    All columns of ``views`` are present, and all lists are empty.
    """
    columns = tuple(name for view in views for name in view.scalars)
    matrix = np.full((3, len(columns)), np.nan)
    matrix[_WITH_ORDERS] = 1.0
    for column, name in enumerate(columns):
        if name.endswith("_at"):
            matrix[_WITH_ORDERS, column] = as_of - 30 * DAY_US
        elif name == "orders":
            matrix[_WITHOUT_ORDERS:, column] = (0.0, 2.0)
    empty = RaggedList(offsets=np.zeros(4, np.int64), values=np.zeros(0))
    return FeatureRows(
        customer_ids=("stranger", "silent", "buyer"),
        known=np.array([False, True, True]),
        features_at=np.array([0, as_of, as_of]),
        columns=columns,
        matrix=matrix,
        lists={name: empty for view in views for name in view.lists},
    )


def _invariants(forecast: Forecast, known: np.ndarray) -> dict[str, bool]:
    """Return whether each invariant holds for the known customers, by the name of its violation."""
    order_by, orders = forecast.order_by[known], forecast.expected_orders[known]
    within = np.column_stack([forecast.order_probability(days)[known] for days in forecast.horizons])
    invariants = {
        "probabilities that are not numbers from 0 to 1": bool(((order_by >= 0) & (order_by <= 1)).all()),
        "probabilities that fall with time": bool((np.diff(order_by, axis=1) >= 0).all()),
        "fewer expected orders than their probability": bool((orders >= within - 1e-9).all()),
    }
    if (spend := forecast.spend) is not None:
        p10, median, p90, mean = (part[known] for part in (spend.p10, spend.median, spend.p90, spend.mean))
        invariants["amounts that are not finite"] = bool(np.isfinite(mean).all())
        invariants["quantiles out of order"] = bool(((p10 <= median) & (median <= p90)).all())
    return invariants
