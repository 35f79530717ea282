"""How far off were totals like this one, when the past was asked to foretell what came after it? The cards know."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from features.arrays import Floats

HORIZON_TOLERANCE = 0.1  # of a horizon
NO_TOTALS_REASON = "The release that scored does not say how far off its totals were; train and promote a new one."
NO_FINISHED_WINDOW_REASON = "No window after a test origin is over yet, so that nobody knows how far off totals are."


@dataclass(frozen=True)
class ErrorVariance:
    """Mean squares, on the log scale, of the errors of a total over the origins."""

    error: float
    noise: float  # the part of it that single customers' chance explains


@dataclass(frozen=True)
class BacktestErrors:
    """The errors of one total over one horizon, for everybody and for groups of customers."""

    overall: ErrorVariance
    ratios: Floats  # (origins, groups ascending by prediction): the actual over the predicted total
    noises: Floats  # (origins, groups): the part of its log that chance explains, a standard deviation
    edges: Floats  # predictions that part the groups, (groups - 1,)
    dispersion: float
    independent_origins: float  # origins whose windows do not overlap: what they tell is worth so many

    @property
    def origins(self) -> int:
        """How many there were."""
        return len(self.ratios)

    def errors_for(self, predicted: Floats) -> ErrorVariance:
        """The errors that customers predicted so, (n,), would have had: their total is made of the groups' totals."""
        place = np.searchsorted(self.edges, predicted, "right")
        shares = np.bincount(place, weights=predicted, minlength=self.ratios.shape[1]) / predicted.sum()
        return ErrorVariance(
            error=float(np.mean(np.log(self.ratios @ shares) ** 2)),
            noise=float(np.mean(self.noises**2 @ shares**2)),
        )


def read_backtest_errors(cards: Sequence[Mapping[str, Any]], measure: str, horizon_days: int) -> BacktestErrors | str:
    """The errors of a total, from the cards of a release; or why there are none.

    Args:
        cards: of a release, as ``GET /v1/models`` lists them.
        measure: buyers, orders or spend.
        horizon_days: over which the total is.
    """
    if not any("totals" in card for card in cards):
        return NO_TOTALS_REASON
    # Where two cards tell of a horizon, churn's is the first: the probabilities of its horizon are tilted to it.
    listed = [one for card in reversed(cards) for one in card.get("totals", ()) if one["measure"] == measure]
    told = {one["horizon_days"]: one for one in listed}
    if not told:
        return NO_FINISHED_WINDOW_REASON
    near = nearest_horizon(told, horizon_days)
    if near is None:
        days = ", ".join(map(str, sorted(told)))
        return f"Test origins have finished windows of {days} days, and none of {horizon_days}."
    return _parse_total(told[near])


def tested_horizons(cards: Sequence[Mapping[str, Any]], measure: str) -> set[int]:
    """The horizons over which a total was back-tested, in days."""
    totals = (total for card in cards for total in card.get("totals", ()))
    return {one["horizon_days"] for one in totals if one["measure"] == measure}


def nearest_horizon(horizons: Collection[int], horizon_days: int) -> int | None:
    """The nearest horizon, if it is so near that the errors over both are alike."""
    best = min(horizons, key=lambda one: (abs(one - horizon_days), one), default=None)
    return best if best is not None and abs(best - horizon_days) <= HORIZON_TOLERANCE * horizon_days else None


def _parse_total(total: Mapping[str, Any]) -> BacktestErrors | str:
    origins = [one for one in total["origins"] if one["everybody"]["log_ratio"] is not None]
    if not origins:
        return "After no test origin was there a total to compare with."
    everybody = np.array([_log_ratio_and_noise(one["everybody"]) for one in origins])
    groups = np.array([[_log_ratio_and_noise(group, one["everybody"]) for group in one["groups"]] for one in origins])
    return BacktestErrors(
        overall=ErrorVariance(*(float(square) for square in (everybody**2).mean(axis=0))),
        ratios=np.exp(groups[:, :, 0]),
        noises=groups[:, :, 1],
        edges=np.array(total["edges"], dtype=float),
        dispersion=total["dispersion"],
        independent_origins=_independent_origins(
            [date.fromisoformat(one["origin"]) for one in origins], total["horizon_days"]
        ),
    )


def _log_ratio_and_noise(
    group: Mapping[str, float | None], fallback: Mapping[str, float | None] | None = None
) -> list[float | None]:
    """Log-ratio and noise, everybody's for a group that had no total."""
    told = fallback if fallback is not None and group["log_ratio"] is None else group
    return [told["log_ratio"], told["noise"]]


def _independent_origins(origins: Sequence[date], horizon_days: int) -> float:
    """Windows that overlap tell of the same days; so many lie side by side between the first day and the last."""
    span = (max(origins) - min(origins)).days
    return min(float(len(origins)), 1 + span / horizon_days)
