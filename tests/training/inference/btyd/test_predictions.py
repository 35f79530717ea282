"""BTYD predictions: properties that every family has for every parameter and every history."""

from __future__ import annotations

import json
import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from features.arrays import Floats
from training.fitting.btyd.histories import collapse_histories
from training.fitting.btyd.likelihood import BtydModel, log_likelihood
from training.inference.btyd import BGNBD, MBGNBD, GammaGamma, GammaPoisson, ParetoNBD, btyd_from_json

History = tuple[Floats, Floats, Floats]

DAYS = [0.0, 1e-6, 0.01, 1.0, 2.0, 7.0, 14.0, 30.0, 60.0, 90.0, 180.0, 365.0, 730.0]
SHOP = {"r": 0.55, "alpha": 74.0}
MODELS: list[BtydModel] = [
    ParetoNBD(**SHOP, s=0.61, beta=82.0),
    MBGNBD(**SHOP, a=0.9, b=1.6),
    BGNBD(**SHOP, a=0.8, b=2.4),
    GammaPoisson(**SHOP),
]

HARDLY_EVER: History = (np.zeros(200), np.zeros(200), np.linspace(0.0, 5000.0, 200))

shape = st.floats(-5, 5).map(math.exp)
scale = st.floats(-5, 10).map(math.exp)
any_model = st.one_of(
    st.builds(ParetoNBD, r=shape, alpha=scale, s=shape, beta=scale),
    st.builds(MBGNBD, r=shape, alpha=scale, a=shape, b=shape),
    st.builds(BGNBD, r=shape, alpha=scale, a=shape, b=shape),
    st.builds(GammaPoisson, r=shape, alpha=scale),
)


@st.composite
def any_histories(draw: st.DrawFn) -> History:
    rows = draw(st.lists(st.tuples(st.integers(0, 800), st.floats(0, 1), st.floats(0, 5000)), min_size=1, max_size=5))
    repeats, share, age = np.array(rows, dtype=float).T
    return repeats, np.where(repeats > 0, share * age, 0.0), age


@pytest.fixture(params=MODELS, ids=lambda model: model.family)
def model(request: pytest.FixtureRequest) -> BtydModel:
    param: BtydModel = request.param
    return param


@given(any_model, any_histories())
@example(ParetoNBD(r=1.9, alpha=0.4, s=0.17, beta=4000.0), HARDLY_EVER)
@settings(max_examples=300)
def test_answers_are_finite_coherent_and_never_fall_with_the_horizon(model: BtydModel, history: History) -> None:
    order_by = model.order_by(*history, DAYS)
    expected = model.expected_orders(*history, DAYS)
    assert np.isfinite(order_by).all()
    assert np.isfinite(expected).all()
    assert (order_by >= 0).all()
    assert (order_by <= 1).all()
    assert (np.diff(order_by, axis=1) >= 0).all()
    assert (np.diff(expected, axis=1) >= 0).all()
    assert (expected >= order_by).all()
    assert (order_by[:, 0] == 0).all()


@given(any_model, any_histories(), st.floats(0.1, 400))
@settings(max_examples=200)
def test_longer_silence_never_raises_the_chance_of_an_order(model: BtydModel, history: History, silence: float) -> None:
    repeats, recency, age = history
    later = model.order_by(repeats, recency, age + silence, DAYS)
    assert (later <= model.order_by(repeats, recency, age, DAYS) + 1e-9).all()


@given(any_model, any_histories())
@settings(max_examples=200)
def test_no_order_within_d_days_is_the_same_history_grown_d_days_older(model: BtydModel, history: History) -> None:
    repeats, recency, age = (values[:1] for values in history)
    now = log_likelihood(model, collapse_histories(repeats, recency, age))
    for day, answer in zip(DAYS, model.order_by(repeats, recency, age, DAYS)[0], strict=True):
        silent = log_likelihood(model, collapse_histories(repeats, recency, age + day)) - now
        assert answer == pytest.approx(-math.expm1(min(silent, 0.0)), abs=1e-8)


def test_the_next_order_of_a_living_customer_waits_as_the_bg_family_says() -> None:
    model = BGNBD(r=0.24, alpha=31.0, a=0.79, b=2.4)
    alive = float(model.probability_alive([3], [100.0], [150.0])[0])
    assert alive == pytest.approx(1 / (1 + 0.79 / (2.4 + 2) * (181 / 131) ** 3.24))
    within = alive * (1 - (181 / (181 + 90)) ** 3.24)
    assert model.order_by([3], [100.0], [150.0], [90])[0, 0] == pytest.approx(within)


def test_a_one_time_buyer_is_never_lost_in_bg_nbd_and_fades_in_the_others() -> None:
    chances = [float(model.probability_alive([0], [0.0], [700.0])[0]) for model in MODELS]
    assert chances[2:] == [1.0, 1.0]
    assert max(chances[:2]) < 0.5


def test_a_heavy_buyer_gone_silent_is_lost_and_a_fresh_one_is_not() -> None:
    silent, fresh = ParetoNBD(**SHOP, s=0.61, beta=82.0).order_by([500, 500], [300.0, 699.0], [700.0, 700.0], [7])[:, 0]
    assert silent < 1e-9
    assert fresh > 0.9


@pytest.mark.parametrize("repeats", [0, 3, 200])
def test_pareto_nbd_forecasts_agree_with_integrals_over_every_rate(repeats: int) -> None:
    model, recency, age, day = ParetoNBD(r=0.6, alpha=70.0, s=0.8, beta=90.0), 130.0 * (repeats > 0), 200.0, 60.0
    n = model.r + repeats

    def silent_until(end: float) -> float:
        """Return the likelihood of no order between the last one and ``end``, up to a factor: lost by then, or not."""

        def lost_at(u: float) -> float:
            still = ((model.alpha + age) / (model.alpha + u)) ** n
            return float(still * model.s / model.beta * (1 + u / model.beta) ** (-model.s - 1))

        lost = quad(lost_at, recency, end, epsabs=0, epsrel=1e-11)[0]
        return float(lost + ((model.alpha + age) / (model.alpha + end)) ** n * (1 + end / model.beta) ** -model.s)

    within = model.order_by([repeats], [recency], [age], [day])[0, 0]
    assert within == pytest.approx(1 - silent_until(age + day) / silent_until(age), abs=1e-10)


@pytest.mark.parametrize("a", [0.05, 1.0, 7.0])
@pytest.mark.parametrize("repeats", [0, 5, 400])
def test_bg_family_forecasts_agree_with_an_integral_over_the_chance_of_loss(a: float, repeats: int) -> None:
    model, age, day = MBGNBD(r=0.5, alpha=40.0, a=a, b=1.5), 300.0, 365.0
    n, alpha, b = model.r + repeats, model.alpha + age, model.b + repeats + 1

    norm = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)) / a

    def orders(q: float) -> float:
        """Return expected orders for a probability of loss of ``q ** (1 / a)``, which removes the beta's pole at 0."""
        p = q ** (1 / a)
        return norm * ((1 - p) ** (b - 1) * -math.expm1(-n * math.log1p(p * day / alpha)) / p if p else n * day / alpha)

    edges = [chance**a for chance in (0.0, 1e-9, 1e-6, 1e-4, 1e-3, 1e-2, 0.03, 0.1, 0.3, 1.0)]
    total = sum(quad(orders, low, high, epsabs=1e-8)[0] for low, high in pairwise(edges))
    expected = model.orders_if_alive(np.array([float(repeats)]), np.array([age]), np.array([day]))[0, 0]
    assert expected == pytest.approx(total, rel=1e-6)


def test_a_loss_shape_of_1_is_no_exception() -> None:
    near = [ParetoNBD(**SHOP, s=s, beta=82.0).expected_orders([4], [90.0], [120.0], [365])[0, 0] for s in (1, 1 + 1e-9)]
    assert near[0] == pytest.approx(near[1], rel=1e-7)


def test_answers_keep_the_order_of_the_customers_and_do_not_depend_on_company(model: BtydModel) -> None:
    rng = np.random.default_rng(5)
    age = rng.uniform(0, 700, 3000)
    repeats = rng.poisson(2.0, 3000).astype(float)
    recency = np.where(repeats > 0, age * rng.random(3000), 0.0)
    together = model.order_by(repeats, recency, age, [30])
    for i in (0, 1234, 2999):
        alone = model.order_by(repeats[i : i + 1], recency[i : i + 1], age[i : i + 1], [30])
        assert together[i] == pytest.approx(alone[0], rel=1e-10)


def test_nobody_asked_nobody_answered(model: BtydModel) -> None:
    assert model.order_by([], [], [], [30, 90]).shape == (0, 2)


def test_a_model_is_the_same_after_a_trip_through_json(model: BtydModel) -> None:
    back = btyd_from_json(json.loads(json.dumps(model.as_json())))
    assert back == model
    assert type(back) is type(model)


def test_gamma_gamma_is_the_same_after_a_trip_through_json() -> None:
    model = GammaGamma(p=6.25, q=3.74, gamma=15.44)
    assert GammaGamma.from_json(json.loads(json.dumps(model.as_json()))) == model


def test_json_of_another_kind_is_refused_with_the_reason() -> None:
    with pytest.raises(
        ValueError, match=r"No family named 'lstm'. Known families: pareto_nbd, mbg_nbd, bg_nbd, gamma_"
    ):
        btyd_from_json({"family": "lstm"})
    with pytest.raises(ValueError, match=r"Expected family 'gamma_poisson' and exactly \['alpha', 'family', 'r'\]"):
        btyd_from_json({"family": "gamma_poisson", "r": 1.0})
    for bad in (math.nan, math.inf, 0.0, -1.0):
        with pytest.raises(ValueError, match=rf"pareto_nbd needs finite parameters above 0; found {{'s': {bad}}}"):
            ParetoNBD(**SHOP, s=bad, beta=1.0)
    with pytest.raises(ValueError, match="gamma_gamma needs q above 1"):
        GammaGamma(p=1.0, q=0.9, gamma=1.0)


def test_an_impossible_history_is_named() -> None:
    model = MODELS[0]
    with pytest.raises(ValueError, match=r"row 1 has repeats=2.0, recency=50.0, age=40.0 \(1 such rows\)"):
        model.order_by([1, 2], [10, 50], [40, 40], [30])
    with pytest.raises(ValueError, match="such rows"):
        model.expected_orders([0], [math.nan], [math.nan], [30])
    with pytest.raises(ValueError, match=r"Expected days that ascend from 0 or more; found \[90.0, 30.0\]"):
        model.order_by([1], [10], [40], [90, 30])


def test_an_order_is_worth_something_between_ones_own_mean_and_everybodys() -> None:
    model = GammaGamma(p=6.25, q=3.74, gamma=15.44)
    everybody = 6.25 * 15.44 / 2.74
    none, few, many = model.order_value([0, 1, 400], [math.nan, 100.0, 100.0])
    assert none == pytest.approx(everybody)
    assert everybody < few < many < 100.0
    assert many == pytest.approx(100.0, rel=1e-2)
