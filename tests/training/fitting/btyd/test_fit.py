"""BTYD fitting: parameters recovered from simulated customers, and fits for degenerate histories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
from numpy.typing import ArrayLike

from features.arrays import Floats
from training.fitting.btyd import BtydFit, fit_btyd
from training.fitting.btyd.histories import MAX_ROWS, collapse_histories
from training.fitting.btyd.likelihood import BtydModel, log_likelihood
from training.fitting.btyd.maximum_likelihood import FitFailed, maximize_likelihood
from training.inference.btyd import BGNBD, MBGNBD, GammaPoisson, ParetoNBD

pytestmark = pytest.mark.slow

History = tuple[Floats, Floats, Floats]

FAMILY_NAMES = ("pareto_nbd", "mbg_nbd", "bg_nbd")
UNLIKELY = 23.5  # chi-square with 4 degrees of freedom, exceeded once in 10,000 samples


def simulate_histories(model: BtydModel, age: Floats, seed: int) -> History:
    """Histories of customers of ``age`` days, drawn from the model."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(model.r, 1 / model.alpha, len(age))
    end = loss_times(model, rng, len(age))
    chance = rng.beta(model.a, model.b, len(age)) if isinstance(model, BGNBD) else np.zeros(len(age))
    repeats, recency, now = np.zeros(len(age)), np.zeros(len(age)), np.zeros(len(age))
    shopping = (rng.random(len(age)) >= chance) if isinstance(model, MBGNBD) else np.ones(len(age), dtype=bool)
    while shopping.any():
        now += rng.exponential(1, len(age)) / np.maximum(rate, 1e-300)
        ordered = shopping & (now <= np.minimum(age, end))
        repeats += ordered
        recency = np.where(ordered, now, recency)
        shopping = ordered & (rng.random(len(age)) >= chance)
    return repeats, recency, age


def loss_times(model: BtydModel, rng: np.random.Generator, customers: int) -> Floats:
    if isinstance(model, ParetoNBD):
        return rng.exponential(1, customers) / np.maximum(rng.gamma(model.s, 1 / model.beta, customers), 1e-300)
    return np.full(customers, np.inf)


def assert_sound(fit: BtydFit, history: tuple[ArrayLike, ArrayLike, ArrayLike]) -> Floats:
    """Check that every answer is finite and coherent; return P(order) within 30 and 365 days."""
    order_by = fit.model.order_by(*history, [30, 365])
    expected = fit.model.expected_orders(*history, [30, 365])
    assert np.isfinite(expected).all()
    assert ((order_by >= 0) & (order_by <= 1) & (order_by <= expected)).all()
    return order_by


@pytest.mark.parametrize(
    "truth",
    [
        ParetoNBD(r=0.6, alpha=60.0, s=0.7, beta=90.0),
        ParetoNBD(r=2.0, alpha=20.0, s=1.5, beta=400.0),
        MBGNBD(r=0.8, alpha=40.0, a=0.8, b=2.0),
        BGNBD(r=0.8, alpha=40.0, a=0.8, b=2.0),
    ],
    ids=lambda model: f"{model.family}-{model.r}",
)
def test_simulated_customers_give_their_parameters_back(truth: ParetoNBD | BGNBD) -> None:
    history = simulate_histories(truth, np.random.default_rng(1).integers(30, 700, 4000).astype(float), seed=2)
    fit = fit_btyd(*history, families=(type(truth),))
    assert fit.rejected_families == {}
    gain = fit.log_likelihood - log_likelihood(truth, collapse_histories(*history))
    assert 0 < 2 * gain < UNLIKELY
    assert fit.model.r / fit.model.alpha == pytest.approx(truth.r / truth.alpha, rel=0.15)


@pytest.mark.parametrize("truth", [ParetoNBD(r=0.6, alpha=60.0, s=0.7, beta=90.0), MBGNBD(r=0.8, alpha=40, a=0.8, b=2)])
def test_simulated_customers_order_again_as_often_as_expected(truth: ParetoNBD | BGNBD) -> None:
    seen_until, ahead = 300.0, 120.0
    longer = simulate_histories(truth, np.full(60_000, seen_until + ahead), seed=3)
    shorter = simulate_histories(truth, np.full(60_000, seen_until), seed=3)
    later = longer[0] - shorter[0]
    assert (later >= 0).all()
    order_by = truth.order_by(*shorter, [ahead])[:, 0]
    expected = truth.expected_orders(*shorter, [ahead])[:, 0]
    for group in np.array_split(np.argsort(order_by), 10):
        error = 4 / np.sqrt(len(group))
        assert order_by[group].mean() == pytest.approx((later[group] > 0).mean(), abs=error * 0.5)
        assert expected[group].mean() == pytest.approx(later[group].mean(), abs=error * later[group].std() + 1e-3)


def test_equal_histories_are_one_row_with_their_weight() -> None:
    histories = collapse_histories([2, 0, 2, 0, 0], [9, 0, 9, 0, 0], [30, 30, 30, 30, 40])
    rows = np.stack([histories.repeats, histories.recency, histories.age, histories.weight])
    assert rows.T.tolist() == [[0, 0, 30, 2], [0, 0, 40, 1], [2, 9, 30, 2]]


def test_a_large_log_is_thinned_evenly_and_the_same_way_each_time() -> None:
    rng = np.random.default_rng(4)
    age = rng.uniform(1, 700, 3 * MAX_ROWS)
    repeats = rng.poisson(3.0, len(age)).astype(float)
    recency = age * rng.random(len(age)) * (repeats > 0)
    histories, shuffled = collapse_histories(repeats, recency, age), rng.permutation(len(age))
    assert len(histories.weight) == MAX_ROWS
    assert histories.weight.sum() == pytest.approx(len(age))
    assert histories.mean(histories.repeats) == pytest.approx(repeats.mean(), rel=1e-3)
    permuted = collapse_histories(repeats[shuffled], recency[shuffled], age[shuffled])
    assert (permuted.age == histories.age).all()


def test_three_customers_get_a_shrunken_rate_and_the_reason() -> None:
    history = [1, 0, 4], [10, 0, 90], [20, 50, 100]
    fit = fit_btyd(*history)
    assert isinstance(fit.model, GammaPoisson)
    assert tuple(fit.rejected_families) == FAMILY_NAMES
    assert fit.rejected_families["pareto_nbd"] == "3 customers, 2 of them with a second order; 30 and 10 are needed"
    assert_sound(fit, history)


def test_a_single_newcomer_is_no_failure() -> None:
    assert_sound(fit_btyd([0], [0], [0]), ([0], [0], [0]))


def test_no_customer_at_all_is_an_error() -> None:
    with pytest.raises(ValueError, match="No customer with an order: there is nothing to fit"):
        fit_btyd([], [], [])


def test_where_nobody_ever_came_back_hardly_anybody_is_expected_to() -> None:
    age = np.linspace(5, 700, 500)
    fit = fit_btyd(np.zeros(500), np.zeros(500), age)
    assert isinstance(fit.model, GammaPoisson)
    assert fit.rejected_families["bg_nbd"].startswith("500 customers, 0 of them with a second order")
    order_by = assert_sound(fit, (np.zeros(500), np.zeros(500), age))
    assert 0 < order_by.max() < 0.01


@pytest.mark.slow
def test_where_nobody_leaves_the_rates_alone_decide() -> None:
    truth = GammaPoisson(r=1.2, alpha=12.0)
    history = simulate_histories(truth, np.full(1500, 400.0), seed=6)
    fit = fit_btyd(*history)
    assert isinstance(fit.model, ParetoNBD)
    assert fit.model.order_by(*history, [30])[:, 0] == pytest.approx(truth.order_by(*history, [30])[:, 0], abs=0.06)


def test_identical_customers_are_fitted() -> None:
    history = np.full(200, 6.0), np.full(200, 300.0), np.full(200, 360.0)
    order_by = assert_sound(fit_btyd(*history), history)
    assert np.ptp(order_by, axis=0).max() == 0


def test_clockwork_buyers_are_fitted() -> None:
    repeats = np.arange(5, 105).astype(float)
    history = repeats, repeats * 7, repeats * 7 + 3
    assert assert_sound(fit_btyd(*history), history)[:, 0].min() > 0.9


@pytest.mark.slow
def test_heavy_buyers_among_many_one_time_buyers_are_fitted() -> None:
    repeats = np.concatenate([np.zeros(900), np.random.default_rng(7).integers(300, 700, 100)])
    age = np.concatenate([np.random.default_rng(8).uniform(0, 730, 900), np.full(100, 730.0)])
    history = repeats, np.where(repeats > 0, 729.0, 0.0), age
    order_by = assert_sound(fit_btyd(*history), history)
    assert order_by[900:].min() > 0.99
    assert order_by[:900].mean() < 0.2


def test_a_hundred_years_of_history_in_hours_are_fitted() -> None:
    hours = simulate_histories(ParetoNBD(r=0.6, alpha=9e4, s=0.7, beta=1e5), np.full(1000, 876_600.0), seed=9)
    fit = fit_btyd(*hours)
    assert fit.rejected_families == {}
    assert_sound(fit, hours)


def test_orders_all_at_the_first_instant_are_fitted() -> None:
    history = np.tile([0.0, 1.0, 2.0, 5.0], 50), np.zeros(200), np.linspace(0, 90, 200)
    assert_sound(fit_btyd(*history), history)


def test_the_same_customers_give_the_same_fit_in_any_order() -> None:
    history = simulate_histories(ParetoNBD(r=0.6, alpha=60.0, s=0.7, beta=90.0), np.full(500, 365.0), seed=10)
    shuffled = np.random.default_rng(11).permutation(500)
    assert fit_btyd(*(values[shuffled] for values in history)) == fit_btyd(*history)


@dataclass(frozen=True, kw_only=True)
class NeverANumber(ParetoNBD):
    """A family with a likelihood of NaN."""

    family: ClassVar[str] = "never_a_number"

    def log_alive(self, repeats: Floats, recency: Floats, age: Floats) -> Floats:
        return np.full(np.broadcast_shapes(repeats.shape, recency.shape, age.shape), np.nan)


def test_a_family_that_cannot_be_fitted_is_rejected_by_name() -> None:
    history = simulate_histories(MBGNBD(r=0.8, alpha=40.0, a=0.8, b=2.0), np.full(300, 365.0), seed=12)
    fit = fit_btyd(*history, families=(NeverANumber, MBGNBD))
    assert isinstance(fit.model, MBGNBD)
    assert fit.rejected_families == {"never_a_number": "the likelihood is not a number at any of 8 starts"}


def test_a_search_that_ends_on_a_slope_is_an_error() -> None:
    def sawtooth(logs: Floats) -> float:
        return float(1e3 * np.sign(np.sin(1e9 * logs[0])) + logs[0])

    with pytest.raises(FitFailed, match="slope"):
        maximize_likelihood(sawtooth, 1.0, [np.zeros(1)])


@pytest.mark.parametrize(
    "history", [([1], [50], [40]), ([-1], [0], [40]), ([1], [np.nan], [40]), ([0], [0], [np.inf])], ids=str
)
def test_an_impossible_history_is_refused(history: tuple[list[float], list[float], list[float]]) -> None:
    with pytest.raises(
        ValueError, match=r"1 of 1 histories are not 0 <= recency <= age .* Leave out customers without"
    ):
        fit_btyd(*history)


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match=r"of one length; found shapes \(2,\), \(1,\), \(1,\)"):
        fit_btyd([1, 2], [0], [0])
