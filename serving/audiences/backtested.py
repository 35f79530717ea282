"""How far off were totals like this one, when the past was asked to foretell what came after it? The cards know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

UNTOLD = "The release that scored does not say how far off its totals were; train and promote a new one."
UNTESTED = "No window after a test origin is over yet, so that nobody knows how far off totals are."


@dataclass(frozen=True)
class Group:
    """Mean squared error, on the log scale, of the total of a group of customers over the origins."""

    error: float
    noise: float  # the part of it that single customers' chance explains


@dataclass(frozen=True)
class Backtested:
    """The errors of one total over one horizon."""

    everybody: Group
    groups: tuple[Group, ...]  # ascending by prediction
    edges: Floats  # predictions that part them, (groups - 1,)
    dispersion: float
    origins: int
    independent: float  # origins whose windows do not overlap: what they tell is worth so many

    def of(self, predicted: Floats) -> Group:
        """The error to expect of customers predicted so, by the groups that their total comes from; (n,)."""
        place = np.searchsorted(self.edges, predicted, "right")
        shares = np.bincount(place, weights=predicted, minlength=len(self.groups)) / predicted.sum()
        return Group(
            error=float(sum(share * group.error for share, group in zip(shares, self.groups, strict=True))),
            noise=float(sum(share * group.noise for share, group in zip(shares, self.groups, strict=True))),
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
    told = {one["horizon_days"]: one for card in cards for one in card.get("totals", ()) if one["measure"] == measure}
    if not told:
        return UNTESTED
    if horizon_days not in told:
        days = ", ".join(map(str, sorted(told)))
        return f"Test origins have finished windows of {days} days, and none of {horizon_days}."
    return _read(told[horizon_days])


def _read(said: Mapping[str, Any]) -> Backtested | str:
    origins = [one for one in said["origins"] if one["everybody"]["log_ratio"] is not None]
    if not origins:
        return "After no test origin was there a total to compare with."
    everybody = _group([one["everybody"] for one in origins])
    by_place = zip(*(one["groups"] for one in origins), strict=True)
    return Backtested(
        everybody=everybody or Group(0.0, 0.0),
        groups=tuple(_group(errors) or everybody or Group(0.0, 0.0) for errors in by_place),
        edges=np.array(said["edges"], dtype=float),
        dispersion=said["dispersion"],
        origins=len(origins),
        independent=_independent([date.fromisoformat(one["origin"]) for one in origins], said["horizon_days"]),
    )


def _group(errors: Sequence[Mapping[str, float | None]]) -> Group | None:
    """None for a group that never had a total."""
    found = [(one["log_ratio"], one["noise"]) for one in errors if one["log_ratio"] is not None]
    if not found:
        return None
    squares = np.array(found, dtype=float) ** 2
    return Group(*(float(one) for one in squares.mean(axis=0)))


def _independent(origins: Sequence[date], horizon_days: int) -> float:
    """Windows that overlap tell of the same days; so many lie side by side between the first day and the last."""
    span = (max(origins) - min(origins)).days
    return min(float(len(origins)), 1 + span / horizon_days)
