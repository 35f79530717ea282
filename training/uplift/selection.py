"""Selection of a ranking by uplift: chosen on some folds, judged on others, refused where nothing is to be found."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from features.arrays import Integers
from training.dataset.randomised_sample import RandomisedSample
from training.estimate import Estimate
from training.experiments.refusal import MIN_CONVERSIONS, MIN_UNITS, Refusal
from training.inference.uplift.evidence import EVERYBODY, NOBODY, Interval
from training.model import GradientBoostingTrainer, UpliftFindings
from training.uplift.calibration import constant_calibration, fit_calibration
from training.uplift.candidate_gate import chosen_candidate, gate_candidates
from training.uplift.candidates import CANDIDATES
from training.uplift.cross_fitting import CrossFit, assign_folds, cross_fit, ranks_within
from training.uplift.doubly_robust import mean_effect
from training.uplift.qini import qini

OUTER_FOLDS, INNER_FOLDS = 5, 3


def select_uplift(sample: RandomisedSample, boost: GradientBoostingTrainer, seed: int = 0) -> UpliftFindings:
    """Choose, judge and fit; everybody, nobody or nothing where no ranking is surely worth more.

    Args:
        sample: customers of one arm and of control; ``too_few`` says whether they are enough.
        boost: fits the ensembles.
        seed: of the folds.
    """
    fold = assign_folds(sample, np.random.default_rng(seed), OUTER_FOLDS)
    fit = cross_fit(sample, fold, boost)
    candidates, average = gate_candidates(fit), mean_effect(fit.effects)
    chosen = chosen_candidate(candidates)
    judged = None if chosen is None else judge_procedure(sample, fit, boost)
    intervals = {name: interval(score.qini) for name, score in candidates.items()}
    if chosen is None or judged is None or judged.low <= 0:
        return UpliftFindings(
            policy=_policy(average), score=None, calibration=constant_calibration(fit.effects),
            average_effect=interval(average), qini=None if judged is None else interval(judged), candidates=intervals,
            reason="no_heterogeneity", detail=_no_heterogeneity(intervals, judged),
        )  # fmt: skip
    return UpliftFindings(
        policy=chosen, score=CANDIDATES[chosen](sample, boost), average_effect=interval(average),
        calibration=fit_calibration(fit.scores[chosen], fit.effects), qini=interval(judged), candidates=intervals,
        reason=None, detail=f"The ranking by {chosen} has a Qini of {_in_words(interval(judged))} on other folds.",
    )  # fmt: skip


def judge_procedure(sample: RandomisedSample, fit: CrossFit, boost: GradientBoostingTrainer) -> Estimate:
    """Qini of choosing by the gate: each fold is ranked by the candidate that the other folds chose without it.

    The best of several candidates by one cross-fit is flattered; this is not (Varma & Simon 2006, "Bias in error
    estimation when using cross-validation for model selection").
    """
    scores = np.zeros(len(sample))
    for held_out in np.unique(fit.fold):
        judged = fit.fold == held_out
        others = sample.select(~judged)
        chosen = _choose(others, int(held_out), boost)
        if chosen is not None:
            scores[judged] = CANDIDATES[chosen](others, boost).score(sample.inputs[judged])
    return qini(ranks_within(fit.fold, scores), fit.effects)


def _choose(sample: RandomisedSample, seed: int, boost: GradientBoostingTrainer) -> str | None:
    inner: Integers = assign_folds(sample, np.random.default_rng(seed), INNER_FOLDS)
    return chosen_candidate(gate_candidates(cross_fit(sample, inner, boost)))


def too_few(sample: RandomisedSample) -> Refusal | None:
    """The refusal of a sample with too few units or conversions in an arm."""
    for name, arm in (("treated", sample.treated), ("control", ~sample.treated)):
        units, conversions = int(arm.sum()), int((sample.outcome[arm] > 0).sum())
        if units < MIN_UNITS or conversions < MIN_CONVERSIONS:
            return Refusal(
                "too_few",
                f"Found {units:,} customers with features and {conversions:,} conversions in the {name} arm; expected "
                f"at least {MIN_UNITS} and {MIN_CONVERSIONS}. Wait for more.",
            )
    return None


def _policy(average: Estimate) -> str | None:
    if average.low > 0:
        return EVERYBODY
    return NOBODY if average.high < 0 else None


def interval(estimate: Estimate) -> Interval:
    """An estimate with the ends of its 95 % interval."""
    return Interval(estimate.value, estimate.low, estimate.high)


def _no_heterogeneity(candidates: Mapping[str, Interval], judged: Estimate | None) -> str:
    best = max(candidates, key=lambda name: candidates[name].low)
    also = "" if judged is None else f", and of {_in_words(interval(judged))} for the choice on other folds"
    return (
        f"Found a Qini of {_in_words(candidates[best])} for the best candidate, {best}{also}; expected it surely above "
        "0. Treat everybody or nobody, by the average effect."
    )


def _in_words(value: Interval) -> str:
    return f"{value.value:.0f} [{value.low:.0f}, {value.high:.0f}]"
