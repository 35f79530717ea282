"""Selection: the simplest ranking that nothing surely beats, judged on folds that chose nothing, else none."""

from __future__ import annotations

import numpy as np
import pytest

from features.arrays import Floats
from tests.training.uplift.planted import crossed_effect, inputs, one_feature_effect, planted_sample
from training.dataset.randomised_sample import RandomisedSample
from training.estimate import Estimate
from training.fitting.gradient_boosting import fit_gradient_boosting
from training.inference.uplift.evidence import EVERYBODY, NOBODY
from training.model import UpliftFindings
from training.uplift.candidate_gate import CandidateScore, chosen_candidate, gate_candidates
from training.uplift.candidates import CANDIDATES
from training.uplift.cross_fitting import CrossFit, assign_folds, cross_fit, ranks_within
from training.uplift.qini import qini
from training.uplift.selection import select_uplift, too_few


def select(sample: RandomisedSample) -> UpliftFindings:
    return select_uplift(sample, fit_gradient_boosting)


def sample_with(effect: Floats | float, columns: Floats, seed: int = 0) -> RandomisedSample:
    rng = np.random.default_rng(seed)
    return planted_sample(rng, len(columns), np.broadcast_to(effect, len(columns)), columns)


@pytest.fixture(scope="module")
def columns() -> Floats:
    return inputs(np.random.default_rng(7), 6_000)


@pytest.mark.slow
def test_an_effect_on_one_group_is_found_by_a_rule_and_by_nothing_more_complex(columns: Floats) -> None:
    found = select(sample_with(one_feature_effect(columns), columns))
    assert found.policy == "one_feature_rule"
    assert found.score is not None
    values = found.calibration.effects(found.score.score(columns))
    moved = columns[:, 0] == 1
    assert values[moved, 0].mean() == pytest.approx(0.15, abs=0.04)
    assert values[~moved, 0].mean() == pytest.approx(0.0, abs=0.03)
    assert (found.reason, found.qini is not None and found.qini.low > 0) == (None, True)


@pytest.mark.slow
def test_an_effect_of_two_features_together_needs_trees() -> None:
    columns = inputs(np.random.default_rng(8), 12_000)
    found = select(sample_with(crossed_effect(np.nan_to_num(columns)), columns))
    assert found.policy in ("boosted_s", "boosted_t")


@pytest.mark.parametrize(("effect", "policy"), [(0.06, EVERYBODY), (-0.06, NOBODY), (0.0, None)])
def test_the_same_effect_on_all_ranks_nobody(columns: Floats, effect: float, policy: str | None) -> None:
    found = select(sample_with(effect, columns, seed=3))
    assert (found.policy, found.score, found.reason) == (policy, None, "no_heterogeneity")
    assert found.detail.endswith("Treat everybody or nobody, by the average effect.")
    values = found.calibration.effects(np.zeros(2))
    average = found.average_effect
    assert values[0] == pytest.approx([average.value, average.low, average.high], rel=1e-3)


@pytest.mark.slow
def test_noise_is_rarely_claimed() -> None:
    rng, passed, claimed = np.random.default_rng(11), 0, 0
    for run in range(20):
        columns = inputs(rng, 1_000)
        found = select(sample_with(0.0, columns, seed=run))
        passed, claimed = passed + (found.qini is not None), claimed + (found.score is not None)
    assert claimed <= 2
    assert passed > claimed  # the second judgement is what keeps the best of five candidates from being claimed


def test_a_ranking_judged_on_its_own_rows_always_seems_to_work() -> None:
    rng = np.random.default_rng(12)
    columns = inputs(rng, 1_500)
    sample = sample_with(0.0, columns, seed=5)
    own = CANDIDATES["boosted_t"](sample, fit_gradient_boosting).score(columns)
    fit = cross_fit(sample, assign_folds(sample, rng), fit_gradient_boosting)
    centred = (sample.outcome - sample.outcome.mean()) * (2 * sample.treated - 1) * 2
    assert qini(own, centred).low > 0
    assert qini(fit.ranks("boosted_t"), fit.effects).low < 0


def test_nobody_is_scored_by_a_model_that_saw_them(columns: Floats) -> None:
    sample = sample_with(one_feature_effect(columns), columns).select(np.arange(600))
    fold = assign_folds(sample, np.random.default_rng(0), 3)
    before = cross_fit(sample, fold, fit_gradient_boosting).scores["boosted_t"]
    changed = sample.select(np.arange(600))
    changed.outcome[fold == 1] = 1 - changed.outcome[fold == 1]
    after = cross_fit(changed, fold, fit_gradient_boosting).scores["boosted_t"]
    assert np.array_equal(before[fold == 1], after[fold == 1])
    assert not np.array_equal(before[fold != 1], after[fold != 1])


def test_folds_have_even_shares_of_the_treated(columns: Floats) -> None:
    sample = sample_with(0.0, columns).select(np.arange(1_003))
    fold = assign_folds(sample, np.random.default_rng(0))
    counts = np.array([np.bincount(fold[arm], minlength=5) for arm in (sample.treated, ~sample.treated)])
    assert (np.ptp(counts, axis=1) <= 1).all()


def test_ranks_are_made_within_each_fold() -> None:
    fold, scores = np.array([0, 0, 1, 1, 1]), np.array([5.0, 9.0, 1.0, 1.0, 2.0])
    assert ranks_within(fold, scores).tolist() == pytest.approx([0.25, 0.75, 1 / 3, 1 / 3, 5 / 6])


def test_a_more_complex_candidate_must_surely_beat_the_simpler_one() -> None:
    rng = np.random.default_rng(1)
    effect = rng.normal(size=4_000)
    noisy = {"one_feature_rule": effect + rng.normal(size=4_000), "boosted_t": effect + rng.normal(size=4_000)}
    fit = CrossFit(noisy, effect + 5 * rng.normal(size=4_000), np.zeros(4_000, int))
    assert chosen_candidate(gate_candidates(fit)) == "one_feature_rule"
    better = CrossFit({**noisy, "boosted_t": effect}, effect + rng.normal(size=4_000), np.zeros(4_000, int))
    assert chosen_candidate(gate_candidates(better)) == "boosted_t"


def test_a_candidate_that_does_not_pass_is_no_bar_for_the_next() -> None:
    passed, failed = CandidateScore(Estimate(5, 1), None, True), CandidateScore(Estimate(1, 1), None, False)
    assert chosen_candidate({"one_feature_rule": failed, "linear_t": passed, "boosted_t": failed}) == "linear_t"
    assert chosen_candidate({"one_feature_rule": failed}) is None


def test_an_arm_with_too_few_conversions_is_refused(columns: Floats) -> None:
    sample = sample_with(0.0, columns)
    few = too_few(sample.select(sample.treated | (np.cumsum(~sample.treated) <= 99)))
    assert few is not None
    assert (few.reason, few.status) == ("too_few", "not_yet")
    assert few.detail.startswith("Found 99 customers with features and ")
    assert few.detail.endswith("in the control arm; expected at least 100 and 40. Wait for more.")
    assert too_few(sample_with(0.0, columns)) is None
