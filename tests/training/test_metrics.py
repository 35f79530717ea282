"""Metrics: they agree with numbers computed by hand, and with scikit-learn where it has the same metric."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn import metrics as sklearn

from features.arrays import Floats
from training import metrics

INFINITE = float("inf")


def column(*values: float) -> Floats:
    return np.array(values, dtype=float)


TIED_SCORES = arrays(float, 40, elements=st.sampled_from([0.0, 0.1, 0.5, 0.9]))
OUTCOMES = arrays(float, 40, elements=st.sampled_from([0.0, 1.0]))
AMOUNTS = arrays(float, 40, elements=st.sampled_from([0.0, 3.0, 10.0, 250.0]))


@given(TIED_SCORES, OUTCOMES)
def test_auc_is_that_of_scikit_learn_with_ties(score: Floats, outcome: Floats) -> None:
    if 0 < outcome.sum() < len(outcome):
        assert metrics.auc(score, outcome) == pytest.approx(sklearn.roc_auc_score(outcome, score))


@given(TIED_SCORES, OUTCOMES)
def test_average_precision_is_that_of_scikit_learn_with_ties(score: Floats, outcome: Floats) -> None:
    if outcome.any():
        assert metrics.average_precision(score, outcome) == pytest.approx(
            sklearn.average_precision_score(outcome, score)
        )


@given(TIED_SCORES, OUTCOMES, AMOUNTS, st.permutations(range(40)))
def test_no_ranking_depends_on_the_order_of_the_customers(
    score: Floats, outcome: Floats, amount: Floats, order: list[int]
) -> None:
    for measure, actual in (
        (metrics.auc, outcome),
        (metrics.average_precision, outcome),
        (metrics.normalised_gini, amount),
    ):
        assert measure(score, actual) == pytest.approx(measure(score[order], actual[order]), nan_ok=True, abs=1e-12)


def test_auc_of_one_class_is_not_a_number() -> None:
    assert math.isnan(metrics.auc(column(0.1, 0.2), column(1, 1)))
    assert math.isnan(metrics.auc(column(0.1, 0.2), column(0, 0)))


def test_average_precision_of_nobody_is_not_a_number() -> None:
    assert math.isnan(metrics.average_precision(column(0.1, 0.2), column(0, 0)))


def test_brier_is_the_mean_squared_error() -> None:
    assert metrics.brier(column(0.5, 1.0), column(1, 0)) == pytest.approx((0.25 + 1) / 2)


def test_ece_is_the_mean_gap_over_bins_of_equal_mass() -> None:
    probability = np.repeat([0.1, 0.7], 10)
    outcome = np.concatenate([np.tile([0, 0, 0, 0, 1], 2), np.ones(10)])
    assert metrics.ece(probability, outcome, bins=2) == pytest.approx((abs(0.1 - 0.2) + abs(0.7 - 1.0)) / 2)


def test_ece_of_fewer_customers_than_bins() -> None:
    assert metrics.ece(column(0.2, 0.9, 0.5), column(0, 1, 1)) == pytest.approx((0.2 + 0.1 + 0.5) / 3)


def test_ece_of_the_true_probabilities_is_hardly_anything() -> None:
    rng = np.random.default_rng(0)
    probability = rng.uniform(size=20_000)
    assert metrics.ece(probability, (rng.uniform(size=20_000) < probability).astype(float)) < 0.012


def test_gini_is_one_for_the_right_order_and_minus_one_for_the_wrong() -> None:
    amount = column(0, 0, 5, 20, 100)
    assert metrics.normalised_gini(amount, amount) == pytest.approx(1.0)
    assert metrics.normalised_gini(-amount, amount) == pytest.approx(-1.0)


def test_gini_of_everybody_alike_is_nothing() -> None:
    assert metrics.normalised_gini(np.zeros(5), column(100, 20, 5, 0, 0)) == pytest.approx(0.0)


def test_gini_where_nobody_spent_is_not_a_number() -> None:
    assert math.isnan(metrics.normalised_gini(column(1, 2), np.zeros(2)))


def test_gini_of_a_half_right_order_by_hand() -> None:
    # By score the amounts come as 0, 30, 10: shares 0, .75, 1 of the total, of which the best order gives .75, 1, 1.
    assert metrics.normalised_gini(column(3, 1, 2), column(0, 10, 30)) == pytest.approx((1.75 - 2) / (2.75 - 2))


def test_errors_and_bias_by_hand() -> None:
    predicted, actual = column(1, 5), column(3, 1)
    assert metrics.rmse(predicted, actual) == pytest.approx(math.sqrt(10))
    assert metrics.mae(predicted, actual) == pytest.approx(3.0)
    assert metrics.bias(predicted, actual) == pytest.approx(0.5)
    assert math.isnan(metrics.bias(predicted, np.zeros(2)))


def test_decile_mape_is_the_mean_relative_error_of_ten_bins() -> None:
    predicted = np.repeat(np.arange(1.0, 11.0), 2)
    actual = predicted.copy()
    actual[-2:] = 20.0
    assert metrics.decile_mape(predicted, actual) == pytest.approx(abs(20 - 40) / 40 / 10)


def test_decile_mape_leaves_out_bins_where_nobody_spent() -> None:
    assert metrics.decile_mape(np.arange(10.0), column(0, 0, 0, 0, 0, 0, 0, 0, 0, 18)) == pytest.approx(0.5)
    assert math.isnan(metrics.decile_mape(np.arange(10.0), np.zeros(10)))


def test_concordance_is_one_for_the_right_order() -> None:
    wait = column(1, 5, 9, 30)
    assert metrics.concordance(wait * 2, wait, 60.0) == 1.0
    assert metrics.concordance(-wait, wait, 60.0) == 0.0


def test_concordance_counts_equal_expectations_half_even_where_both_are_never() -> None:
    assert metrics.concordance(np.full(4, 7.0), column(1, 5, 9, 30), 60.0) == 0.5
    assert metrics.concordance(np.full(4, INFINITE), column(1, 5, 9, 30), 60.0) == 0.5


def test_concordance_leaves_out_pairs_that_nobody_saw_end() -> None:
    assert math.isnan(metrics.concordance(column(1, 2), column(INFINITE, 70), 60.0))


def test_coverage_includes_the_ends() -> None:
    assert metrics.coverage(column(0, 0, 5), column(10, 0, 9), column(10, 0, 4.9)) == pytest.approx(2 / 3)


def test_the_interval_of_a_difference_is_about_that_of_the_normal_theory() -> None:
    rng = np.random.default_rng(3)
    worse, better = rng.gamma(1.0, 2.0, 5_000), rng.gamma(1.0, 1.9, 5_000)
    mean, low, high = metrics.difference_interval(worse, better)
    half = 1.96 * (worse - better).std() / math.sqrt(5_000)
    assert mean == pytest.approx((worse - better).mean())
    assert (low, high) == pytest.approx((mean - half, mean + half), abs=0.1 * half)


def test_the_interval_of_a_difference_is_the_same_every_time() -> None:
    worse, better = column(1, 2, 3, 9), column(0, 2, 2, 1)
    assert metrics.difference_interval(worse, better) == metrics.difference_interval(worse, better)


def test_no_difference_has_an_interval_of_nothing() -> None:
    same = column(1, 2, 3)
    assert metrics.difference_interval(same, same) == (0.0, 0.0, 0.0)


def test_a_share_less_another_is_that_of_the_totals() -> None:
    hits, flagged = column(2, 0, 1, 0), column(2, 1, 1, 2)
    value, low, high = metrics.share_difference_interval((hits, flagged), (column(0, 0, 1, 0), flagged))
    assert value == pytest.approx(3 / 6 - 1 / 6)
    assert low <= value <= high


def test_the_interval_of_a_difference_of_shares_is_about_that_of_the_normal_theory() -> None:
    rng = np.random.default_rng(3)
    flagged = (rng.uniform(size=20_000) < 0.3).astype(float)
    first, second = (flagged * (rng.uniform(size=20_000) < share) for share in (0.6, 0.5))
    value, low, high = metrics.share_difference_interval((first, flagged), (second, flagged))
    spread = np.where(flagged, first - second - value, 0.0)
    half = 1.96 * math.sqrt((spread**2).sum()) / flagged.sum()
    assert (low, high) == pytest.approx((value - half, value + half), abs=0.12 * half)


def test_a_share_of_nothing_is_not_a_number() -> None:
    zeros, ones = column(0, 0), column(1, 1)
    assert all(math.isnan(value) for value in metrics.share_difference_interval((zeros, zeros), (ones, ones)))
    value, low, high = metrics.share_difference_interval((column(1, 0), column(1, 0)), (column(0, 0), column(1, 0)))
    assert (value, low, high) == (1.0, 1.0, 1.0)


@settings(max_examples=20)
@given(st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_the_interval_holds_its_mean_for_any_shop(customers: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    mean, low, high = metrics.difference_interval(rng.normal(size=customers), rng.normal(size=customers))
    assert np.isfinite([mean, low, high]).all()
    assert low <= high
