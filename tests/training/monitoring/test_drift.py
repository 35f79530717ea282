"""Drift: planted faults are found, chance is not, and counters of a lifetime are not watched."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from features.arrays import Floats
from training.monitoring.daily_volumes import CURRENT_DAYS, DailyVolumes, volume_drifts
from training.monitoring.drift import distribution_drifts, psi_limit
from training.monitoring.drift_reference import CHURN_SCORE, DriftReference, is_windowed
from training.monitoring.population_stability import BinnedDistribution

WEEKDAYS = 4 * np.array([60, 80, 75, 90, 120, 160, 100])  # 390 orders a day
BAKERY, KIOSK = "store_id=bakery", "store_id=kiosk"


def draw_volumes(rng: np.random.Generator, days: int, end: int, share: float = 1.0) -> DailyVolumes:
    """Volumes with the rhythm of the week and weeks that differ, of two stores, three quarters in the bakery.

    The last four weeks have only a share of the orders.
    """
    number = np.arange(end - days, end)
    level = np.repeat(rng.normal(1, 0.02, days // 7 + 1), 7)[:days]
    expected = WEEKDAYS[number % 7] * level * np.where(number >= end - 28, share, 1.0)
    bakery, kiosk = rng.poisson(0.75 * expected), rng.poisson(0.25 * expected)
    orders = {"all": bakery + kiosk, BAKERY: bakery, KIOSK: kiosk}
    return DailyVolumes(end=end, orders={group: tuple(counts.tolist()) for group, counts in orders.items()})


def alarms_of(share: float, seed: int) -> list[str]:
    rng = np.random.default_rng(seed)
    reference, current = draw_volumes(rng, 182, 20_000), draw_volumes(rng, CURRENT_DAYS, 20_028, share)
    return [drift.group for drift in volume_drifts(reference, current) if drift.alarms]


def customers(seed: int, n: int = 5_000) -> dict[str, Floats]:
    """Inputs of n customers: spend and orders in 91 days, and days since the last order."""
    rng = np.random.default_rng(seed)
    orders = rng.poisson(rng.gamma(1.0, 3.0, n)).astype(float)
    spend = orders * rng.lognormal(3, 0.5, n)
    return {"orders_91d": orders, "spend_91d": spend, "recency_days": rng.exponential(30, n)}


def alarms(current: dict[str, Floats]) -> set[str]:
    reference = {name: BinnedDistribution.from_values(values) for name, values in customers(0).items()}
    return {drift.name for drift in distribution_drifts("input", reference, current) if drift.alarms}


def test_another_draw_of_the_same_customers_is_no_drift() -> None:
    assert [alarms(customers(seed)) for seed in range(1, 30)] == [set()] * 29


def test_small_populations_do_not_alarm_by_chance() -> None:
    values = [customers(seed, 100) for seed in range(200)]
    references = [BinnedDistribution.from_values(each["spend_91d"]) for each in values]
    indices = [
        reference.stability_index(each["spend_91d"])
        for reference, each in zip(references, values[1:] + values[:1], strict=True)
    ]
    limit = psi_limit(references[0], 100)
    assert np.mean(np.array(indices) > 0.1) > 0.5
    assert np.mean(np.array(indices) > limit) <= 0.02


def test_amounts_a_hundred_times_as_large_are_found() -> None:
    current = customers(1)
    assert alarms(current | {"spend_91d": current["spend_91d"] * 100}) == {"spend_91d"}


def test_half_the_last_month_missing_is_found_in_the_recency() -> None:
    current = customers(1)
    recency = np.where(current["recency_days"] < 15, current["recency_days"] + 15, current["recency_days"])
    assert alarms(current | {"recency_days": recency}) == {"recency_days"}


def test_a_third_of_the_ids_changed_is_found() -> None:
    current, changed = customers(1), np.arange(5_000) % 3 == 0
    halves = {name: np.where(changed, values / 3, values) for name, values in current.items() if name != "recency_days"}
    assert "orders_91d" in alarms(current | halves)


@pytest.mark.parametrize("share", [0.9, 1.25], ids=["a tenth of the baskets lost", "a quarter of the orders doubled"])
def test_a_volume_that_distributions_do_not_show_is_found(share: float) -> None:
    assert np.mean(["all" in alarms_of(share, seed) for seed in range(50)]) >= 0.9


def test_healthy_volumes_alarm_rarely() -> None:
    assert sum(bool(alarms_of(1.0, seed)) for seed in range(300)) <= 9


def test_a_store_that_sends_nothing_is_named_with_its_expectation() -> None:
    rng = np.random.default_rng(4)
    reference, current = draw_volumes(rng, 182, 20_000), draw_volumes(rng, CURRENT_DAYS, 20_028)
    silent = DailyVolumes(end=current.end, orders={**current.orders, KIOSK: (*current.orders[KIOSK][:-7], *(0,) * 7)})
    worst = volume_drifts(reference, silent)[0]
    assert (worst.group, worst.observed, worst.alarms) == (KIOSK, 0, True)
    assert worst.sentence().startswith("store_id=kiosk: 0 orders in the last ")


def test_a_store_with_a_handful_of_orders_is_not_judged() -> None:
    rng = np.random.default_rng(5)
    reference, current = draw_volumes(rng, 182, 20_000), draw_volumes(rng, CURRENT_DAYS, 20_028)
    few = {"store_id=tiny": tuple(rng.poisson(0.5, 182).tolist())}
    drifts = volume_drifts(DailyVolumes(end=reference.end, orders={**reference.orders, **few}), current)
    assert {drift.group for drift in drifts} == {"all", BAKERY, KIOSK}


@pytest.mark.parametrize(("reference_days", "current_days"), [(60, CURRENT_DAYS), (182, 40)])
def test_a_log_that_is_too_short_says_nothing(reference_days: int, current_days: int) -> None:
    rng = np.random.default_rng(5)
    reference, current = draw_volumes(rng, reference_days, 20_000), draw_volumes(rng, current_days, 20_028, 0.1)
    assert volume_drifts(reference, current) == []


def test_steady_growth_is_no_alarm() -> None:
    rng = np.random.default_rng(6)
    grown = rng.poisson(200 * 1.004 ** np.arange(182 + 28))
    reference = DailyVolumes(end=20_000, orders={"all": tuple(grown[:182].tolist())})
    current = DailyVolumes(end=20_028, orders={"all": tuple(grown[-CURRENT_DAYS:].tolist())})
    assert not any(drift.alarms for drift in volume_drifts(reference, current))


@pytest.mark.parametrize(
    ("name", "watched"),
    [
        ("spend_91d", True),
        ("app_visits_28d", True),
        ("recency_days", True),
        ("app_visits_recency_days", True),
        ("orders_28d_over_91d", True),
        ("orders", False),
        ("spend", False),
        ("tenure_days", False),
        ("orders_365d", False),
        ("mean_gap_days", False),
    ],
)
def test_windows_are_watched_and_lifetime_counters_are_not(name: str, watched: bool) -> None:
    assert is_windowed(name) is watched


def test_a_reference_is_read_back_as_it_was_written() -> None:
    inputs = customers(0)
    reference = DriftReference.from_population(
        date(2024, 9, 1),
        ("orders", *inputs),
        np.column_stack([np.arange(5_000.0), *inputs.values()]),
        {CHURN_SCORE: np.linspace(0, 1, 5_000)},
        draw_volumes(np.random.default_rng(0), 182, 20_000),
    )
    assert DriftReference.from_json(reference.to_json()) == reference
    assert set(reference.inputs) == set(inputs)
