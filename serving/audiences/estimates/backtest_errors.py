"""Back-test errors: how far predicted totals were from actual ones after past test origins, from the model cards."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from features.arrays import Floats

HORIZON_TOLERANCE = 0.1  # of a horizon
NO_TOTALS_REASON = "The release that scored has no back-test errors of totals; train and promote a new one."
NO_FINISHED_WINDOW_REASON = "No window after a test origin has ended yet, so the errors of totals are unknown."


@dataclass(frozen=True)
class ErrorVariance:
    """Mean squared errors of a total on the log scale, over the origins."""

    error: float
    noise: float  # the part explained by the chance of single customers


@dataclass(frozen=True)
class BacktestErrors:
    """The errors of one total over one horizon, for all customers and for groups of them."""

    overall: ErrorVariance
    ratios: Floats  # (origins, groups ascending by prediction): the actual over the predicted total
    noises: Floats  # (origins, groups): standard deviation of the log ratio by chance alone
    edges: Floats  # predictions that separate the groups, (groups - 1,)
    dispersion: float
    independent_origins: float  # effective number of origins; overlapping windows count once

    @property
    def origins(self) -> int:
        """The number of test origins."""
        return len(self.ratios)

    def errors_for(self, predicted: Floats) -> ErrorVariance:
        """Return the errors of a total over customers with these predictions, (n,), combined from their groups."""
        groups = np.searchsorted(self.edges, predicted, "right")
        shares = np.bincount(groups, weights=predicted, minlength=self.ratios.shape[1]) / predicted.sum()
        return ErrorVariance(
            error=float(np.mean(np.log(self.ratios @ shares) ** 2)),
            noise=float(np.mean(self.noises**2 @ shares**2)),
        )


def read_backtest_errors(cards: Sequence[Mapping[str, Any]], measure: str, horizon_days: int) -> BacktestErrors | str:
    """Return the errors of a total from the cards of a release, or the reason why there are none.

    Args:
        cards: of a release, as ``GET /v1/models`` lists them.
        measure: buyers, orders or spend.
        horizon_days: the horizon of the total.
    """
    if not any("totals" in card for card in cards):
        return NO_TOTALS_REASON
    # If two cards have a horizon, the first one (churn) wins: its horizon's probabilities are adjusted to it.
    totals = [total for card in reversed(cards) for total in card.get("totals", ()) if total["measure"] == measure]
    by_horizon = {total["horizon_days"]: total for total in totals}
    if not by_horizon:
        return NO_FINISHED_WINDOW_REASON
    nearest = nearest_horizon(by_horizon, horizon_days)
    if nearest is None:
        days = ", ".join(map(str, sorted(by_horizon)))
        return f"Test origins have finished windows of {days} days, and none of {horizon_days}."
    return _parse_total(by_horizon[nearest])


def tested_horizons(cards: Sequence[Mapping[str, Any]], measure: str) -> set[int]:
    """Return the horizons over which a total was back-tested, in days."""
    totals = (total for card in cards for total in card.get("totals", ()))
    return {total["horizon_days"] for total in totals if total["measure"] == measure}


def nearest_horizon(horizons: Collection[int], horizon_days: int) -> int | None:
    """Return the nearest horizon in days if it differs by at most a tenth; otherwise None."""
    nearest = min(horizons, key=lambda days: (abs(days - horizon_days), days), default=None)
    return nearest if nearest is not None and abs(nearest - horizon_days) <= HORIZON_TOLERANCE * horizon_days else None


def _parse_total(total: Mapping[str, Any]) -> BacktestErrors | str:
    origins = [origin for origin in total["origins"] if origin["all_customers"]["log_ratio"] is not None]
    if not origins:
        return "No test origin has an actual total to compare with."
    overall = np.array([_log_ratio_and_noise(origin["all_customers"]) for origin in origins])
    groups = np.array(
        [[_log_ratio_and_noise(group, origin["all_customers"]) for group in origin["groups"]] for origin in origins]
    )
    return BacktestErrors(
        overall=ErrorVariance(*(float(square) for square in (overall**2).mean(axis=0))),
        ratios=np.exp(groups[:, :, 0]),
        noises=groups[:, :, 1],
        edges=np.array(total["edges"], dtype=float),
        dispersion=total["dispersion"],
        independent_origins=_independent_origins(
            [date.fromisoformat(origin["origin"]) for origin in origins], total["horizon_days"]
        ),
    )


def _log_ratio_and_noise(
    group: Mapping[str, float | None], fallback: Mapping[str, float | None] | None = None
) -> list[float | None]:
    """Return log-ratio and noise of a group, or those of the fallback if the group had no total."""
    source = fallback if fallback is not None and group["log_ratio"] is None else group
    return [source["log_ratio"], source["noise"]]


def _independent_origins(origins: Sequence[date], horizon_days: int) -> float:
    """Return the effective number of origins: that of windows which do not overlap, at most the number of origins."""
    span = (max(origins) - min(origins)).days
    return min(float(len(origins)), 1 + span / horizon_days)
