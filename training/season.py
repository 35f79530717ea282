"""Was this time of the year busier, a year ago, than customers' histories told? And did last year explain this year?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.model import Plan
from training.outcomes import Rows
from training.predict.btyd_rung import BtydRung
from training.predict.ladder import Ladder
from training.predict.season import Factors, Season

Floats = NDArray[np.float64]

YEAR = 364  # days: whole weeks, so that weekdays meet weekdays
WIDEST_GAP = 45  # days between the cutoffs around the day a year ago
FEWEST_PAIRS = 3
LEAST_SWING = np.log(1.2)


@dataclass(frozen=True)
class Paces:
    """By cutoff, log of orders within one horizon over those that BTYD expects of the same histories."""

    days: int
    cutoff: Floats  # (k,) ascending
    log: Floats  # (k,)

    def at(self, day: float) -> float:
        """Interpolated between cutoffs; NaN outside of them, or where they are far apart."""
        right = int(np.searchsorted(self.cutoff, day))
        if right < len(self.cutoff) and self.cutoff[right] == day:
            return float(self.log[right])
        if right in {0, len(self.cutoff)} or self.cutoff[right] - self.cutoff[right - 1] > WIDEST_GAP:
            return float("nan")
        return float(np.interp(day, self.cutoff, self.log))

    def standing(self, day: float) -> float:
        """Of the newest window that was over by a day; NaN where none was."""
        over = np.flatnonzero(self.cutoff + self.days <= day)
        return float(self.log[over[-1]]) if len(over) else float("nan")


def fit_season(ladder: Ladder, rows: Rows, plan: Plan, btyd: BtydRung) -> Season | None:
    """The factors for the days after the rows' limit; None where the log has no year before it, or no season.

    A year ago is believed where it foretold the windows of the past year at least twice as well, in squared error of
    the log, as the newest finished window did, and where these swung by a fifth or more.

    Args:
        ladder: the answers that are to be put into season.
        rows: customers who had ordered, at every cutoff.
        plan: the learned horizons.
        btyd: a fit without scales, whose expectation is the same all the year round.
    """
    limit = float((rows.cutoff + rows.outcomes.follow_days).max(initial=0))
    if not len(rows) or rows.cutoff.min() > limit - YEAR:
        return None
    _, expected, _ = btyd.answers(rows.inputs)
    paces = [_paces(rows, days, expected[:, position]) for position, days in enumerate(plan.learned)]
    ahead = [one.at(limit - YEAR) for one in paces]
    if not _explains(paces) or np.isnan(ahead).any():
        return None
    shortest = paces[0]
    year = float(np.mean(shortest.log[shortest.cutoff > shortest.cutoff[-1] - YEAR]))
    return _season(ladder, rows.at(rows.cutoff == rows.cutoff.max()), btyd, np.exp(ahead), float(np.exp(year)))


def _paces(rows: Rows, days: int, expected: Floats) -> Paces:
    orders = rows.outcomes.orders_within(days)
    seen = ~np.isnan(orders)
    cutoffs, at = np.unique(rows.cutoff[seen], return_inverse=True)
    actual, usual = (np.bincount(at, weights=one[seen], minlength=len(cutoffs)) for one in (orders, expected))
    return Paces(days, cutoffs.astype(float), np.log(np.maximum(actual, 0.5) / np.maximum(usual, 0.5)))


def _explains(paces: list[Paces]) -> bool:
    pairs = [
        (told - one.at(cutoff - YEAR), told - one.standing(cutoff))
        for one in paces
        for cutoff, told in zip(one.cutoff, one.log, strict=True)
    ]
    errors = np.array([pair for pair in pairs if not np.isnan(pair).any()])
    if len(errors) < FEWEST_PAIRS:
        return False
    by_year, by_newest = (errors**2).mean(axis=0)
    return bool(by_newest > LEAST_SWING**2 and by_year < by_newest / 2)


def _season(ladder: Ladder, last: Rows, btyd: BtydRung, ahead: Floats, year: float) -> Season:
    """Factors that bring the ladder's totals of the newest cutoff's customers to BTYD's in season."""
    within, orders, spend = btyd.answers(last.inputs)
    said = ladder.forecast(last.inputs, np.ones(len(last))).within_each(ladder.shape.learned)
    counted, spent = ladder.rungs[ladder.tiers["ltv"]].value(last.inputs, said)
    return Season(
        buyers=_factors(said, within, ahead, year),
        orders=_factors(counted, orders, ahead, year),
        spend=None if spent is None or spend is None else _factors(spent, spend, ahead, year),
    )


def _factors(ours: Floats, theirs: Floats, ahead: Floats, year: float) -> Factors:
    level = ours.sum(axis=0) / np.maximum(theirs.sum(axis=0), 1e-9)
    return Factors(tuple((ahead / level).tolist()), float(year / level[-1]))
