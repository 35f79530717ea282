"""Exposure hazard: the regression, the person-days it is fitted to, and a planted effect of touches that are random."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from features.arrays import Floats
from tests.training.attribution.attribution_logs import EMAIL, JANUARY, PUSH, Touch, attribution_log
from training.attribution.hazard.exposure_hazard import exposure_hazard
from training.attribution.hazard.person_days import EXPOSURE_DAYS, person_days
from training.attribution.hazard.poisson_regression import RIDGE, PoissonCells, fit_poisson


def test_the_coefficients_are_those_of_another_optimiser() -> None:
    rng = np.random.default_rng(1)
    design = np.column_stack([np.ones(200), rng.random((200, 3)) < 0.4])
    exposure = rng.uniform(1, 50, 200)
    counts = rng.poisson(exposure * np.exp(design @ [-3, 0.5, -1, 0.2])).astype(float)
    cells = PoissonCells(design, counts, exposure)
    penalty = np.array([0, RIDGE, RIDGE, RIDGE])

    def loss(coefficients: Floats) -> float:
        return -cells.objective(coefficients, penalty)

    other = minimize(loss, np.zeros(4), method="BFGS", tol=1e-8)
    np.testing.assert_allclose(fit_poisson(cells), other.x, atol=1e-5)


def test_a_cell_without_an_event_keeps_a_finite_coefficient() -> None:
    design = np.column_stack([np.ones(2), [0.0, 1.0]])
    coefficients = fit_poisson(PoissonCells(design, np.array([50.0, 0.0]), np.array([1000.0, 1000.0])))
    assert -12 < coefficients[1] < -4


def test_person_days_are_those_counted_one_by_one() -> None:
    rng = np.random.default_rng(2)
    touches = [
        Touch(int(rng.integers(20)), float(rng.uniform(-8, 33)), int(rng.integers(2)), bool(rng.random() < 0.9))
        for _ in range(60)
    ]
    orders = [(int(rng.integers(20)), float(rng.uniform(-300, 33))) for _ in range(60)]
    cells = person_days(attribution_log(touches, orders, customers=20), JANUARY)
    expected: dict[tuple[bool, bool, bool, int], list[int]] = {}
    for customer in range(20):
        own = [int(day // 1) for who, day in orders if who == customer and 1 <= day < 32]
        for day in range(1, 32):
            exposed = [
                any(_exposes(touch, channel, customer, day, orders) for touch in touches) for channel in (EMAIL, PUSH)
            ]
            key = (exposed[0], exposed[1], any(each < day for each in own), (day - 1) // 7)
            count = expected.setdefault(key, [0, 0])
            count[0] += 1
            count[1] += own.count(day)
    counted: dict[tuple[bool, bool, bool, int], list[float]] = {}
    rows = zip(cells.exposed.tolist(), cells.has_ordered.tolist(), cells.interval.tolist(), strict=True)
    for position, (exposed_to, has_ordered, interval) in enumerate(rows):
        count_ = counted.setdefault((exposed_to[EMAIL], exposed_to[PUSH], has_ordered, interval), [0, 0])
        count_[0] += float(cells.days[position])
        count_[1] += float(cells.orders[position])
    assert counted == expected


def _exposes(touch: Touch, channel: int, customer: int, day: int, orders: list[tuple[int, float]]) -> bool:
    """Whether a touch reaches a day: its own and six more, from the next one on if the customer had ordered before."""
    sent = int(touch.day // 1)
    earlier = any(who == customer and int(at // 1) == sent and at < touch.day and 1 <= at < 32 for who, at in orders)
    start = sent + earlier
    is_his = touch.customer == customer and touch.channel == channel and touch.treated
    return is_his and start <= day < start + EXPOSURE_DAYS


@pytest.mark.parametrize(("sent", "exposed_days"), [(10.1, 7), (10.3, 7), (29.9, 3)])
def test_a_touch_exposes_seven_days_within_the_period(sent: float, exposed_days: int) -> None:
    cells = person_days(attribution_log([Touch(0, sent, EMAIL)], [(0, 10.2)]), JANUARY)
    assert cells.days[cells.exposed[:, EMAIL]].sum() == exposed_days
    assert cells.days.sum() == 31


@pytest.mark.parametrize(("sent", "orders"), [(10.1, 1), (10.3, 0)])
def test_an_order_before_the_touch_of_its_day_was_not_exposed(sent: float, orders: int) -> None:
    cells = person_days(attribution_log([Touch(0, sent, EMAIL)], [(0, 10.2)]), JANUARY)
    assert cells.orders[cells.exposed[:, EMAIL]].sum() == orders
    assert cells.orders.sum() == 1


def test_the_effect_of_touches_at_random_is_found() -> None:
    rng = np.random.default_rng(3)
    customers, hazard, ratio = 4000, 0.01, 2.0
    touched = rng.random((31, customers)) < 0.04
    since, touches, orders, caused = np.full(customers, 99), [], [], 0.0
    for day in range(31):
        since = np.where(touched[day], 0, since + 1)
        touches += [Touch(customer, day + 1.4, EMAIL) for customer in np.flatnonzero(touched[day]).tolist()]
        exposed = since < EXPOSURE_DAYS
        ordered = rng.random(customers) < hazard * np.where(exposed, ratio, 1.0)
        caused += (ordered & exposed).sum() * (1 - 1 / ratio)
        orders += [(customer, day + 1.6) for customer in np.flatnonzero(ordered).tolist()]
    missing = exposure_hazard(attribution_log(touches, orders, customers=customers), JANUARY)
    assert missing[EMAIL] == pytest.approx(caused, rel=0.15)
    assert missing[PUSH] == 0


def test_a_log_without_an_order_credits_nothing() -> None:
    assert exposure_hazard(attribution_log([Touch(0, 3, EMAIL)], []), JANUARY).tolist() == [0, 0, 0]
