"""Candidates: laws for every ranking, fitted on planted experiments."""

from __future__ import annotations

import numpy as np
import pytest

from tests.training.uplift.planted import NAMES, crossed_effect, inputs, one_feature_effect, planted_sample
from training.dataset.randomised_sample import RandomisedSample
from training.fitting.gradient_boosting import fit_gradient_boosting
from training.inference.uplift.uplift_scores import MISSING_RANK, OneFeatureRule, score_from_text, score_to_text
from training.uplift.candidates import CANDIDATES
from training.uplift.candidates.one_feature_rules import fit_one_feature_rule


def sample_of(effect: str, n: int = 4_000, seed: int = 0) -> RandomisedSample:
    rng = np.random.default_rng(seed)
    columns = inputs(rng, n)
    return planted_sample(rng, n, {"one": one_feature_effect, "crossed": crossed_effect}[effect](columns), columns)


@pytest.fixture(params=CANDIDATES)
def candidate(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_scores_are_finite_for_missing_extreme_and_unknown_customers(candidate: str) -> None:
    score = CANDIDATES[candidate](sample_of("one"), fit_gradient_boosting)
    odd = np.array([[np.nan] * 5, [1e12, -1e12, 0, 0, 0], [0.0] * 5])
    assert np.isfinite(score.score(odd)).all()


def test_a_score_read_back_from_its_text_is_the_same(candidate: str) -> None:
    sample = sample_of("one")
    score = CANDIDATES[candidate](sample, fit_gradient_boosting)
    read = score_from_text(score_to_text(candidate, score))
    assert np.array_equal(read.score(sample.inputs), score.score(sample.inputs))


def test_fitting_twice_gives_the_same(candidate: str) -> None:
    texts = {score_to_text(candidate, CANDIDATES[candidate](sample_of("one"), fit_gradient_boosting)) for _ in range(2)}
    assert len(texts) == 1


def test_an_outcome_that_is_an_amount_is_ranked_too(candidate: str) -> None:
    rng = np.random.default_rng(3)
    columns = inputs(rng, 4_000)
    binary = planted_sample(rng, 4_000, one_feature_effect(columns, 0.4), columns)
    amounts = RandomisedSample(
        names=NAMES, inputs=columns, treated=binary.treated, probability=binary.probability,
        outcome=binary.outcome * rng.lognormal(3, 0.5, 4_000),
    )  # fmt: skip
    scores = CANDIDATES[candidate](amounts, fit_gradient_boosting).score(columns)
    assert scores[columns[:, 0] == 1].mean() > scores[columns[:, 0] == 0].mean()


def test_an_arm_without_a_conversion_is_fitted(candidate: str) -> None:
    sample = sample_of("one")
    silent = RandomisedSample(
        names=NAMES, inputs=sample.inputs, treated=sample.treated, probability=sample.probability,
        outcome=np.where(sample.treated, sample.outcome, 0.0),
    )  # fmt: skip
    assert np.isfinite(CANDIDATES[candidate](silent, fit_gradient_boosting).score(sample.inputs)).all()


def test_a_rule_finds_the_feature_and_its_direction() -> None:
    rule = fit_one_feature_rule(sample_of("one"))
    assert (NAMES[rule.column], rule.sign) == ("bought_before", 1)
    rng = np.random.default_rng(4)
    columns = inputs(rng, 6_000)
    falling = planted_sample(rng, 6_000, 0.25 * np.exp(-columns[:, 1] / 30), columns)
    assert (NAMES[fit_one_feature_rule(falling).column], fit_one_feature_rule(falling).sign) == ("recency_days", -1)


@pytest.mark.parametrize(("sign", "expected"), [(1, [0.0, 0.5, 1.0]), (-1, [1.0, 0.5, 0.0])])
def test_a_rule_scores_by_rank_and_puts_the_unknown_in_the_middle(sign: int, expected: list[float]) -> None:
    rule = OneFeatureRule(0, np.array([1.0, 2.0, 3.0, 4.0]), sign)
    assert rule.score(np.array([[0.0], [2.5], [9.0]])).tolist() == expected
    assert rule.score(np.array([[np.nan]])).tolist() == [MISSING_RANK]


def test_only_trees_rank_an_effect_of_two_features_together() -> None:
    sample = sample_of("crossed", 20_000)
    rng = np.random.default_rng(9)
    columns = inputs(rng, 5_000)
    effect = crossed_effect(np.nan_to_num(columns))
    found = {
        name: np.corrcoef(fit(sample, fit_gradient_boosting).score(columns), effect)[0, 1]
        for name, fit in CANDIDATES.items()
    }
    assert found["boosted_t"] > 0.5
    assert max(found["one_feature_rule"], found["response"], found["linear_t"]) < 0.15
