"""How far off were totals like this one, when the past was asked to foretell what came after it? The cards know."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from features.arrays import Floats

ALIKE = 0.1  # of a horizon
UNTOLD = "The release that scored does not say how far off its totals were; train and promote a new one."
UNTESTED = "No window after a test origin is over yet, so that nobody knows how far off totals are."


@dataclass(frozen=True)
class Spread:
    """Mean squares, on the log scale, of the errors of a total over the origins."""

    error: float
    noise: float  # the part of it that single customers' chance explains


@dataclass(frozen=True)
class Backtested:
    """The errors of one total over one horizon, for everybody and for groups of customers."""

    everybody: Spread
    ratios: Floats  # (origins, groups ascending by prediction): the actual over the predicted total
    noises: Floats  # (origins, groups): the part of its log that chance explains, a standard deviation
    edges: Floats  # predictions that part the groups, (groups - 1,)
    dispersion: float
    independent: float  # origins whose windows do not overlap: what they tell is worth so many

    @property
    def origins(self) -> int:
        """How many there were."""
        return len(self.ratios)

    def of(self, predicted: Floats) -> Spread:
        """The errors that customers predicted so, (n,), would have had: their total is made of the groups' totals."""
        place = np.searchsorted(self.edges, predicted, "right")
        shares = np.bincount(place, weights=predicted, minlength=self.ratios.shape[1]) / predicted.sum()
        return Spread(
            error=float(np.mean(np.log(self.ratios @ shares) ** 2)),
            noise=float(np.mean(self.noises**2 @ shares**2)),
        )


def backtested(cards: Sequence[Mapping[str, Any]], measure: str, horizon_days: int) -> Backtested | str:
    """The errors of a total, from the cards of a release; or why there are none.

    Args:
        cards: of a release, as ``GET /v1/models`` lists them.
        measure: buyers, orders or spend.
        horizon_days: over which the total is.
    """
    if not any("totals" in card for card in cards):
        return UNTOLD
    # Where two cards tell of a horizon, churn's is the first: the probabilities of its horizon are tilted to it.
    listed = [one for card in reversed(cards) for one in card.get("totals", ()) if one["measure"] == measure]
    told = {one["horizon_days"]: one for one in listed}
    if not told:
        return UNTESTED
    near = nearest(told, horizon_days)
    if near is None:
        days = ", ".join(map(str, sorted(told)))
        return f"Test origins have finished windows of {days} days, and none of {horizon_days}."
    return _read(told[near])


def tested(cards: Sequence[Mapping[str, Any]], measure: str) -> set[int]:
    """The horizons over which a total was back-tested, in days."""
    totals = (total for card in cards for total in card.get("totals", ()))
    return {one["horizon_days"] for one in totals if one["measure"] == measure}


def nearest(horizons: Collection[int], wanted: int) -> int | None:
    """The nearest horizon, if it is so near that the errors over both are alike."""
    best = min(horizons, key=lambda one: (abs(one - wanted), one), default=None)
    return best if best is not None and abs(best - wanted) <= ALIKE * wanted else None


def _read(said: Mapping[str, Any]) -> Backtested | str:
    origins = [one for one in said["origins"] if one["everybody"]["log_ratio"] is not None]
    if not origins:
        return "After no test origin was there a total to compare with."
    everybody = np.array([_error(one["everybody"]) for one in origins])
    groups = np.array([[_error(group, one["everybody"]) for group in one["groups"]] for one in origins])
    return Backtested(
        everybody=Spread(*(float(square) for square in (everybody**2).mean(axis=0))),
        ratios=np.exp(groups[:, :, 0]),
        noises=groups[:, :, 1],
        edges=np.array(said["edges"], dtype=float),
        dispersion=said["dispersion"],
        independent=_independent([date.fromisoformat(one["origin"]) for one in origins], said["horizon_days"]),
    )


def _error(said: Mapping[str, float | None], otherwise: Mapping[str, float | None] | None = None) -> list[float | None]:
    """Log-ratio and noise, everybody's for a group that had no total."""
    told = otherwise if otherwise is not None and said["log_ratio"] is None else said
    return [told["log_ratio"], told["noise"]]


def _independent(origins: Sequence[date], horizon_days: int) -> float:
    """Windows that overlap tell of the same days; so many lie side by side between the first day and the last."""
    span = (max(origins) - min(origins)).days
    return min(float(len(origins)), 1 + span / horizon_days)
