"""Season choice: whether cutoffs of the same season predict better, measured at earlier origins."""

from __future__ import annotations

import numpy as np

from features.arrays import Booleans, Floats, Integers
from training.fitting.average.btyd_answers import BtydAnswers
from training.fitting.average.cutoff_weights import SeasonWeights, cutoff_weights, has_year_ago
from training.fitting.average.level_shift import level_shift
from training.fitting.average.ridge_regression import fit_ridge_regression
from training.member import Target

DECISIVE_CHANGE = 0.003  # of the log loss
MAX_ORIGINS = 2
LEVELED_WEIGHT = 2.0  # of the change in log loss after both totals are brought to the one that came


def choose_season_weights(answers: BtydAnswers, limit: int, days: int) -> SeasonWeights:
    """The weights of cutoffs that predict better at up to two earlier origins whose windows are over.

    A regression is fitted with equal and with seasonal weights. The mean relative change of its log loss decides. It
    counts once as predicted, and twice after both predictions are moved to the observed total, so that ranking counts
    more than level. A change too small to decide, or no origin to test at, mixes both weights.
    """
    cutoffs = answers.rows.cutoff
    if not has_year_ago(cutoffs.tolist(), limit, days):
        return SeasonWeights.EQUAL
    changes = []
    for windows in range(1, MAX_ORIGINS + 1):
        origin = _nearest(cutoffs, limit - days * windows)
        if origin + days <= limit and has_year_ago(cutoffs.tolist(), origin, days):
            changes.append(_change(answers, origin, days))
    if not changes:
        return SeasonWeights.MIXED
    change = float(np.mean(changes))
    if abs(change) < DECISIVE_CHANGE:
        return SeasonWeights.MIXED
    return SeasonWeights.SEASONAL if change < 0 else SeasonWeights.EQUAL


def _nearest(cutoffs: Integers, day: float) -> int:
    candidates = np.unique(cutoffs[cutoffs <= day])
    return int(candidates[-1]) if len(candidates) else int(cutoffs.min())


def _change(answers: BtydAnswers, origin: int, days: int) -> float:
    """Relative change of the log loss at an origin by seasonal instead of equal weights."""
    test = answers.rows.cutoff == origin
    observed = answers.rows.outcomes.ordered_within(days)[test]
    equal, seasonal = (
        _scores(answers, origin, days, season, test) for season in (SeasonWeights.EQUAL, SeasonWeights.SEASONAL)
    )
    as_came = _log_loss(seasonal, observed) / _log_loss(equal, observed) - 1
    leveled = _log_loss(_level(seasonal, observed), observed) / _log_loss(_level(equal, observed), observed) - 1
    return float((as_came + LEVELED_WEIGHT * leveled) / (1 + LEVELED_WEIGHT))


def _scores(answers: BtydAnswers, origin: int, days: int, season: SeasonWeights, test: Booleans) -> Floats:
    weight = cutoff_weights(answers.rows.cutoff, origin, days, season)
    train, outcome = weight > 0, answers.rows.outcomes.ordered_within(days)
    columns = answers.question(days, train).full_columns.values
    regression = fit_ridge_regression(Target.ORDER, columns, outcome[train], weight[train])
    return regression.scores(answers.question(days, test).full_columns.values)


def _log_loss(scores: Floats, outcome: Floats) -> float:
    return float((np.logaddexp(0.0, scores) - outcome * scores).mean())


def _level(scores: Floats, outcome: Floats) -> Floats:
    """The scores moved so that their mean probability is the observed share."""
    return np.asarray(scores + level_shift(scores, float(outcome.mean())))
