"""BTYD reference values: published CDNOW figures and the results of the library lifetimes."""

from __future__ import annotations

import importlib.metadata
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from training.fitting.btyd import fit_btyd, fit_gamma_gamma
from training.fitting.btyd.histories import collapse_histories
from training.fitting.btyd.likelihood import log_likelihood
from training.inference.btyd import BGNBD, MBGNBD, ParetoNBD

pytestmark = pytest.mark.slow

Floats = NDArray[np.floating]

WEEKS = 7.0
SPLIT = np.datetime64("1997-10-01")


class Cohort(NamedTuple):
    """The published tenth of CDNOW: 39 weeks to fit, 39 weeks held out, times in weeks."""

    repeats: Floats
    recency: Floats
    age: Floats
    mean_value: Floats
    later: Floats


@pytest.fixture(scope="module")
def cdnow() -> Cohort:
    """One row per customer of the published sample; orders on one day count as one."""
    name = "lifetimes/datasets/CDNOW_sample.txt"
    try:
        path = importlib.metadata.distribution("lifetimes").locate_file(name)
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("needs the data file of lifetimes: pip install lifetimes==0.11.3")
    lines = [line.split() for line in Path(str(path)).read_text(encoding="ascii").splitlines() if line.strip()]
    days = np.array([f"{day[:4]}-{day[4:6]}-{day[6:]}" for _, _, day, _, _ in lines], dtype="datetime64[D]")
    visits, line_visit = np.unique([[int(line[1]) for line in lines], days.astype(int)], axis=1, return_inverse=True)
    value = np.bincount(line_visit.ravel(), [float(line[4]) for line in lines]).astype(float)
    return cohort(visits[0] - 1, visits[1] - int(SPLIT.astype(int)), value)


def cohort(customer: NDArray[np.integer], day: NDArray[np.integer], value: Floats) -> Cohort:
    """Histories before day 0, counted from each customer's first visit, and the number of later visits."""
    before_split = day < 0
    orders = np.bincount(customer[before_split])
    last = np.cumsum(orders) - 1
    first = last - orders + 1
    repeats = orders - 1.0
    spent = np.bincount(customer[before_split], value[before_split]) - value[before_split][first]
    mean_value = np.divide(spent, repeats, out=np.zeros_like(spent), where=repeats > 0)
    recency = (day[before_split][last] - day[before_split][first]) / WEEKS
    age = (-1 - day[before_split][first]) / WEEKS
    return Cohort(
        repeats, recency, age, mean_value, np.bincount(customer[~before_split], minlength=len(orders)).astype(float)
    )


def test_the_sample_is_the_published_one(cdnow: Cohort) -> None:
    assert (len(cdnow.repeats), int((cdnow.repeats > 0).sum()), int(cdnow.repeats.sum())) == (2357, 946, 2457)


def test_bg_nbd_has_the_published_parameters(cdnow: Cohort) -> None:
    fit = fit_btyd(cdnow.repeats, cdnow.recency, cdnow.age, families=(BGNBD,))
    assert isinstance(fit.model, BGNBD)
    assert round(fit.log_likelihood, 1) == -9582.4
    parameters = [round(value, 3) for value in (fit.model.r, fit.model.alpha, fit.model.a, fit.model.b)]
    assert parameters == [0.243, 4.414, 0.793, 2.426]


def test_pareto_nbd_has_the_published_parameters_and_is_the_first_choice(cdnow: Cohort) -> None:
    fit = fit_btyd(cdnow.repeats, cdnow.recency, cdnow.age)
    assert isinstance(fit.model, ParetoNBD)
    assert fit.rejected_families == {}
    assert fit.customers == 2357
    assert fit.log_likelihood == pytest.approx(-9594.976, abs=1e-3)
    assert round(fit.model.r, 4) == 0.5533
    assert round(fit.model.alpha, 3) == 10.578
    assert round(fit.model.s, 3) == 0.606
    assert round(fit.model.beta, 3) == 11.669


def test_gamma_gamma_has_the_published_parameters(cdnow: Cohort) -> None:
    fit = fit_gamma_gamma(cdnow.repeats, cdnow.mean_value)
    assert fit.customers == 946
    assert fit.fallback_reason is None
    assert [round(value, 2) for value in (fit.model.p, fit.model.q, fit.model.gamma)] == [6.25, 3.74, 15.44]


@pytest.mark.parametrize(("kind", "published"), [(BGNBD, 0.626), (ParetoNBD, 0.630)])
def test_forecast_orders_correlate_with_the_held_out_ones_as_published(
    cdnow: Cohort, kind: type[BGNBD | ParetoNBD], published: float
) -> None:
    model = fit_btyd(cdnow.repeats, cdnow.recency, cdnow.age, families=(kind,)).model
    expected = model.expected_orders(cdnow.repeats, cdnow.recency, cdnow.age, [39.0])[:, 0]
    assert round(float(np.corrcoef(expected, cdnow.later)[0, 1]), 3) == published
    assert np.sqrt(np.mean((expected - cdnow.later) ** 2)) < 1.61


def test_one_time_buyers_of_cdnow_are_ranked_low_by_the_next_order_and_high_by_being_alive(cdnow: Cohort) -> None:
    model = fit_btyd(cdnow.repeats, cdnow.recency, cdnow.age, families=(BGNBD,)).model
    returned = cdnow.later > 0
    assert auc(returned, model.order_by(cdnow.repeats, cdnow.recency, cdnow.age, [39.0])[:, 0]) > 0.74
    assert auc(returned, model.probability_alive(cdnow.repeats, cdnow.recency, cdnow.age)) < 0.35


@pytest.mark.slow
def test_weeks_and_days_give_the_same_forecast(cdnow: Cohort) -> None:
    in_weeks = fit_btyd(cdnow.repeats, cdnow.recency, cdnow.age).model
    recency, age = cdnow.recency * WEEKS, cdnow.age * WEEKS
    in_days = fit_btyd(cdnow.repeats, recency, age).model
    assert in_days.alpha == pytest.approx(in_weeks.alpha * WEEKS, rel=1e-3)
    by_week = in_weeks.order_by(cdnow.repeats, cdnow.recency, cdnow.age, [1.0, 39.0])
    assert np.abs(in_days.order_by(cdnow.repeats, recency, age, [7.0, 273.0]) - by_week).max() < 1e-4


@pytest.fixture(scope="module")
def lifetimes() -> Any:  # noqa: ANN401 (the library has no types)
    """The library lifetimes, which warns about its age when imported."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("lifetimes")


def test_likelihood_and_being_alive_agree_with_lifetimes(cdnow: Cohort, lifetimes: Any) -> None:  # noqa: ANN401
    x, t_x, age = cdnow.repeats, cdnow.recency, cdnow.age
    collapsed = collapse_histories(x, t_x, age)
    for model, reference in (
        (ParetoNBD(r=0.55, alpha=10.6, s=0.61, beta=11.7), lifetimes.ParetoNBDFitter()),
        (ParetoNBD(r=1.4, alpha=30.0, s=2.3, beta=5.0), lifetimes.ParetoNBDFitter()),
        (BGNBD(r=0.24, alpha=4.4, a=0.8, b=2.4), lifetimes.BetaGeoFitter()),
        (MBGNBD(r=0.52, alpha=6.2, a=0.9, b=1.6), lifetimes.ModifiedBetaGeoFitter()),
    ):
        reference.params_ = {name: value for name, value in model.as_json().items() if name != "family"}
        assert model.probability_alive(x, t_x, age) == pytest.approx(
            reference.conditional_probability_alive(x, t_x, age), abs=1e-9
        )
        expected = reference.conditional_expected_number_of_purchases_up_to_time(39.0, x, t_x, age)
        assert model.expected_orders(x, t_x, age, [39.0])[:, 0] == pytest.approx(expected, abs=1e-6)
        if isinstance(model, ParetoNBD):
            rows = reference._conditional_log_likelihood([model.r, model.alpha, model.s, model.beta], x, t_x, age)
            assert log_likelihood(model, collapsed) == pytest.approx(float(rows.sum()), abs=1e-6)


def auc(happened: NDArray[np.bool_], score: Floats) -> float:
    """The probability that a positive scores above a negative; ties count half."""
    _, index, count = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2)[index]
    ones = int(happened.sum())
    return float((rank[happened].sum() - ones * (ones + 1) / 2) / (ones * (len(score) - ones)))
