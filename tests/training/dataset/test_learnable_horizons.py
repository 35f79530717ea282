"""Learnable horizons: a horizon is learned where its newest finished window has customers enough, else extrapolated."""

from __future__ import annotations

from features.history import Cutoff
from tests.training.shops import ZONE, day, history_of
from training.dataset.readiness import MIN_CUSTOMERS, Readiness, readiness
from training.dataset.schedule import plan_schedule

DAYS, HORIZONS = 462, (30, 90, 365)


def ready(*, pioneers: int, followers: int) -> Readiness:
    """A shop whose pioneers order from its first day on; followers join after 250 days, and every second one leaves."""
    orders = [(f"p{number}", float(at), 10.0) for number in range(pioneers) for at in range(number % 20, DAYS, 20)]
    for number in range(followers):
        last = 300 if number % 2 else DAYS
        orders += [(f"f{number}", float(at), 10.0) for at in range(250 + number % 20, last, 20)]
    log = history_of(*orders)
    schedule = plan_schedule(day(0), day(DAYS), HORIZONS, 90)
    return readiness(log, schedule, [Cutoff.from_day(at, ZONE) for at in schedule.cutoffs], 90, HORIZONS)


def test_a_long_horizon_with_few_customers_does_not_take_the_average_from_the_shorter_ones() -> None:
    young = ready(pioneers=MIN_CUSTOMERS - 1, followers=100)
    assert young.plan.learned == (30, 90)
    assert young.tier == "average"
    (year,) = (answer for answer in young.answers if answer.model == "ltv" and answer.horizon_days == 365)
    assert "answered from 90 days" in year.remedy


def test_a_long_horizon_with_customers_enough_is_learned() -> None:
    assert ready(pioneers=MIN_CUSTOMERS, followers=100).plan.learned == HORIZONS


def test_customers_are_counted_at_the_newest_finished_window_of_their_own_horizon() -> None:
    shop = ready(pioneers=MIN_CUSTOMERS, followers=100)
    customers = {answer.horizon_days: answer.customers for answer in shop.answers if answer.model == "ltv"}
    assert customers == {30: MIN_CUSTOMERS + 100, 90: MIN_CUSTOMERS + 100, 365: MIN_CUSTOMERS}


def test_a_shop_too_small_for_any_horizon_keeps_the_shortest() -> None:
    tiny = ready(pioneers=5, followers=5)
    assert tiny.plan.learned == (30,)
    assert tiny.tier == "population"
