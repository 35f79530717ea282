"""Can this release answer at all? It is asked about three made-up customers before anybody real is."""

from __future__ import annotations

import numpy as np

from features.online.feature_rows import Ragged, Stored
from features.views import View
from serving.interfaces import Release
from serving.predictions.scorer import score
from training.inference.forecast import Forecast

_DAY = 86_400_000_000
_STRANGER, _SILENT, _BUYER = range(3)


class Unfit(Exception):
    """A release that loads, but does not answer as a release must."""


def smoke_test(release: Release) -> None:
    """Ask for a stranger, a customer without orders and one with; raises Unfit, and warms what is used first."""
    at = release.facts.as_of
    stored = made_up(release.views, at)
    forecast = release.forecast(stored, at)
    found = [broken for broken, holds in _laws(forecast, stored.known).items() if not holds]
    missing = {*release.facts.ltv_days, release.facts.churn_days} - {*forecast.horizons}
    if missing:
        found.append(f"no horizon of {sorted(missing)} days")
    if found:
        raise Unfit(f"Release {release.version} answers made-up customers with {', '.join(found)}. Train another.")
    percentile = score(release, stored, at).churn.percentile[stored.known]
    if not ((percentile >= 0) & (percentile <= 100)).all():
        raise Unfit(f"Release {release.version} has percentiles outside 0 to 100: {percentile}. Train another.")


def made_up(views: tuple[View, ...], at: int) -> Stored:
    """A stranger, a customer without orders, and one of two orders: all the columns of ``views``, lists empty."""
    columns = tuple(name for view in views for name in view.scalars)
    matrix = np.full((3, len(columns)), np.nan)
    matrix[_BUYER] = 1.0
    for column, name in enumerate(columns):
        if name.endswith("_at"):
            matrix[_BUYER, column] = at - 30 * _DAY
        elif name == "orders":
            matrix[_SILENT:, column] = (0.0, 2.0)
    empty = Ragged(offsets=np.zeros(4, np.int64), values=np.zeros(0))
    return Stored(
        customer_ids=("stranger", "silent", "buyer"),
        known=np.array([False, True, True]),
        features_at=np.array([0, at, at]),
        columns=columns,
        matrix=matrix,
        lists={name: empty for view in views for name in view.lists},
    )


def _laws(forecast: Forecast, known: np.ndarray) -> dict[str, bool]:
    """What must hold of the known customers, named by what is found where it does not."""
    order_by, orders = forecast.order_by[known], forecast.expected_orders[known]
    within = np.column_stack([forecast.within(days)[known] for days in forecast.horizons])
    laws = {
        "probabilities that are not numbers from 0 to 1": bool(((order_by >= 0) & (order_by <= 1)).all()),
        "probabilities that fall with time": bool((np.diff(order_by, axis=1) >= 0).all()),
        "fewer orders than their own probability": bool((orders >= within - 1e-9).all()),
    }
    if (spend := forecast.spend) is not None:
        p10, median, p90, mean = (part[known] for part in (spend.p10, spend.median, spend.p90, spend.mean))
        laws["amounts that are no amounts"] = bool(np.isfinite(mean).all())
        laws["quantiles out of order"] = bool(((p10 <= median) & (median <= p90)).all())
    return laws
