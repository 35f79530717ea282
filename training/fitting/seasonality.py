"""Was this time of the year busier, a year ago, than customers' histories told? And did last year explain this year?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.arrays import Floats
from training.dataset.outcomes import Rows
from training.fitting.first_year_seasonality import first_year
from training.inference.seasonality import Factors, Season
from training.inference.tiered_model import Ladder
from training.inference.tiers.btyd import BtydRung, histories
from training.model import YEAR, Plan

WIDEST_GAP = 45  # days between the cutoffs around the day a year ago
FEWEST_PAIRS = 3
LEAST_SWING = np.log(1.2)
UNMISTAKABLE = np.log(1.5)
ONCE_SEEN = 0.7


@dataclass(frozen=True)
class Paces:
    """By cutoff, orders within one horizon, and those that BTYD expects of the same histories."""

    days: int
    cutoff: Floats  # (k,) ascending
    orders: Floats  # (k,)
    expected: Floats  # (k,)

    @property
    def log(self) -> Floats:
        """The one over the other, (k,)."""
        return np.asarray(np.log(np.maximum(self.orders, 0.5) / np.maximum(self.expected, 0.5)))

    def at(self, day: float) -> float:
        """Interpolated between cutoffs; NaN outside of them, or where they are far apart."""
        right = int(np.searchsorted(self.cutoff, day))
        if right < len(self.cutoff) and self.cutoff[right] == day:
            return float(self.log[right])
        if right in {0, len(self.cutoff)} or self.cutoff[right] - self.cutoff[right - 1] > WIDEST_GAP:
            return float("nan")
        return float(np.interp(day, self.cutoff, self.log))

    @property
    def usual(self) -> float:
        """The mean over the newest year."""
        return float(np.mean(self.log[self.cutoff > self.cutoff[-1] - YEAR]))

    def standing(self, day: float) -> float:
        """Of the newest window that was over by a day; NaN where none was."""
        over = np.flatnonzero(self.cutoff + self.days <= day)
        return float(self.log[over[-1]]) if len(over) else float("nan")


@dataclass(frozen=True)
class YearAgo:
    """How busy the days ahead were a year ago, and customers to bring a ladder's totals to that with."""

    btyd: BtydRung
    last: Rows  # those of the newest cutoff
    ahead: Floats  # (learned,) orders within each learned horizon over what BTYD expects
    usual: float  # the same over the rest of the year

    def season(self, ladder: Ladder) -> Season:
        """The factors that bring the ladder's totals to BTYD's in season."""
        within, orders, spend = self.btyd.answers(self.last.inputs)
        said, counted, spent = ladder.at_learned(self.last.inputs)
        return Season(
            buyers=self._factors(said, within),
            orders=self._factors(counted, orders),
            spend=None if spent is None or spend is None else self._factors(spent, spend),
        )

    def _factors(self, ours: Floats, theirs: Floats) -> Factors:
        level = np.maximum(ours.sum(axis=0), 1e-9) / np.maximum(theirs.sum(axis=0), 1e-9)
        return Factors(tuple((self.ahead / level).tolist()), float(self.usual / level[-1]))


def year_ago(rows: Rows, plan: Plan, btyd: BtydRung) -> YearAgo | None:
    """What the log has of the same days a year ago; None where it has none, or where they are not to be believed.

    A year ago is believed where it foretold the windows of the past year at least twice as well, in squared error of
    the log, as the newest finished window did, and these swung by a fifth or more. Where all has been quiet since, as
    in the autumn of a shop that lives on Christmas, a swing of half and more is believed to ``ONCE_SEEN``.

    Args:
        rows: customers who had ordered, at every cutoff; their limit is the day from which to look ahead.
        plan: the learned horizons.
        btyd: a fit without scales, whose expectation is the same all the year round.
    """
    if not len(rows):
        return None
    limit, last = float((rows.cutoff + rows.outcomes.follow_days).max()), rows.at(rows.cutoff == rows.cutoff.max())
    if rows.cutoff.min() > limit - YEAR:
        found = first_year(rows, plan, btyd, last)
        return None if found is None else YearAgo(btyd, last, *found)
    _, expected, _ = btyd.answers(rows.inputs)
    paces = [_paces(rows, days, expected[:, position]) for position, days in enumerate(plan.learned)]
    ahead, shortest = np.array([one.at(limit - YEAR) for one in paces]), paces[0]
    if np.isnan(ahead).any():
        return None
    usual = _rest_of_the_year(rows, plan, btyd, expected[:, -1]) if plan.learned[-1] < YEAR / 2 else shortest.usual
    believed = _believed(_errors(paces), float(np.abs(ahead - usual).max()))
    if not believed:
        return None
    return YearAgo(btyd, last, np.exp(usual + believed * (ahead - usual)), float(np.exp(usual)))


def _rest_of_the_year(rows: Rows, plan: Plan, btyd: BtydRung, expected: Floats) -> float:
    """Log of orders between the longest learned horizon and a year, over BTYD's, since the newest cutoff a year ago."""
    longest = plan.learned[-1]
    over = rows.outcomes.follow_days >= YEAR
    ago = over & (rows.cutoff == rows.cutoff[over].max())
    placed = (rows.outcomes.orders_within(YEAR) - rows.outcomes.orders_within(longest))[ago].sum()
    later = btyd.model.expected_orders(*histories(rows.inputs[ago], rows.names), np.array([float(YEAR)]))[:, 0]
    return float(np.log(max(placed, 0.5) / max((later - expected[ago]).sum(), 0.5)))


def _paces(rows: Rows, days: int, expected: Floats) -> Paces:
    orders = rows.outcomes.orders_within(days)
    seen = ~np.isnan(orders)
    cutoffs, at = np.unique(rows.cutoff[seen], return_inverse=True)
    actual, usual = (np.bincount(at, weights=one[seen], minlength=len(cutoffs)) for one in (orders, expected))
    return Paces(days, cutoffs.astype(float), actual.astype(float), usual.astype(float))


def _errors(paces: list[Paces]) -> Floats:
    """Errors, on the log scale, of the window a year before and of the newest finished one, (pairs, 2)."""
    pairs = [
        (told - one.at(cutoff - YEAR), told - one.standing(cutoff))
        for one in paces
        for cutoff, told in zip(one.cutoff, one.log, strict=True)
    ]
    return np.array([pair for pair in pairs if not np.isnan(pair).any()]).reshape(-1, 2)


def _believed(errors: Floats, swing: float) -> float:
    """How much of last year's swing is expected again, 0 to 1."""
    by_year, by_newest = (errors**2).mean(axis=0) if len(errors) >= FEWEST_PAIRS else (0.0, 0.0)
    if by_newest > LEAST_SWING**2:
        return float(by_year < by_newest / 2)
    # The swing ahead was seen once, and nothing yet that it could have been tested on.
    return ONCE_SEEN if swing > UNMISTAKABLE and by_year < LEAST_SWING**2 else 0.0
