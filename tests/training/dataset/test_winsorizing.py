"""Winsorizing: one giant amount, one giant id or one old date leaves the rows and fits of the others as they were."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from features.arrays import Floats
from features.plausibility.outlying_dates import find_outlying_dates, winsorize_dates
from features.transformations.transactions import transactions
from tests.training.by_hand import outcomes_of, rows_of
from tests.training.shops import (
    FakeFeatureStore,
    cutoff,
    history,
    order_lines,
    simulate_lines,
)
from training.dataset.churn_horizon import estimate_churn_days
from training.dataset.outcomes import Rows
from training.dataset.plan import HorizonPlan
from training.dataset.point_in_time import build_dataset
from training.dataset.population import known_customers
from training.dataset.schedule import plan_schedule
from training.dataset.winsorizing import winsorize_rows
from training.fitting.btyd import fit_btyd, fit_gamma_gamma
from training.fitting.population_tier import fit_population_tier
from training.inference.tiers.btyd import histories

DAYS = 300
CUTOFFS = [cutoff(150), cutoff(240)]
LINES = simulate_lines(150, DAYS)
GIANT = str(LINES["customer_id"].value_counts().index[0])  # the best customer, whose rows weigh most
ORDINARY = LINES.index[(LINES["customer_id"] == GIANT) & (LINES["ordered_at"] < cutoff(140).timestamp)][0]
PLAN = HorizonPlan(60, (30, 60), (30, 60), has_amounts=True)


def with_amount(amount: float, line: int = ORDINARY) -> pd.DataFrame:
    changed = LINES.copy()
    changed.loc[line, "amount"] = amount
    return changed


def with_guest(share: float = 0.3) -> pd.DataFrame:
    rng, orders = np.random.default_rng(3), int(share * len(LINES))
    guest = order_lines(["guest"] * orders, rng.uniform(0, DAYS, orders), rng.lognormal(3, 0.6, orders))
    return pd.concat([LINES, guest.assign(order_id=[f"guest {number}" for number in range(orders)])], ignore_index=True)


def training_rows(lines: pd.DataFrame, folder: Path) -> tuple[Rows, list[str]]:
    """Return the training rows of a log and the customer of each, from feature tables as the pipeline writes them."""
    log = history(lines)
    log = winsorize_dates(log, find_outlying_dates(log))
    pq.write_table(transactions(log, CUTOFFS).to_pyarrow(), folder / "transactions.parquet")
    data = build_dataset(known_customers(folder, CUTOFFS), CUTOFFS, log, FakeFeatureStore(log, CUTOFFS))
    return data.rows(cutoff(DAYS), PLAN.outcome_horizons, CUTOFFS), data.customers["customer_id"].tolist()


def rows_of_others(lines: pd.DataFrame, folder: Path, customer: str) -> Rows:
    rows, customers = training_rows(lines, folder)
    return rows.select(np.array(customers) != customer)


@pytest.mark.slow
@pytest.mark.parametrize("amount", [1e6, 987_654_321.0, -1e6])
def test_a_giant_amount_leaves_the_rows_of_the_others(amount: float, tmp_path: Path) -> None:
    clean, other = (rows_of_others(lines, tmp_path, GIANT) for lines in (LINES, with_amount(amount)))
    np.testing.assert_allclose(other.inputs, clean.inputs, rtol=1e-9)
    np.testing.assert_allclose(other.outcomes.spend, clean.outcomes.spend, rtol=1e-9)


@pytest.mark.slow
def test_a_giant_amount_hardly_moves_what_the_population_lends(tmp_path: Path) -> None:
    clean, giant = (training_rows(lines, tmp_path)[0] for lines in (LINES, with_amount(987_654_321.0)))
    assert totals(giant) == pytest.approx(totals(clean), rel=0.05)
    for value in (order_value, population_spend):
        assert value(giant) == pytest.approx(value(clean), rel=0.05)


@pytest.mark.slow
def test_a_giant_id_is_no_customer_of_the_training_set(tmp_path: Path) -> None:
    clean, guest = (training_rows(lines, tmp_path)[0] for lines in (LINES, with_guest()))
    assert np.array_equal(guest.inputs, clean.inputs, equal_nan=True)
    assert np.array_equal(guest.outcomes.orders, clean.outcomes.orders, equal_nan=True)
    assert order_rate(guest) == order_rate(clean)


def test_a_giant_id_hardly_moves_the_churn_horizon() -> None:
    clean, guest = (estimate_churn_days(history(lines), cutoff(DAYS)) for lines in (LINES, with_guest(0.5)))
    assert guest == pytest.approx(clean, abs=1)


@pytest.mark.slow
@pytest.mark.parametrize("wrong", ["1900-01-01", "1970-01-01"])
def test_a_line_of_another_century_leaves_the_plan_and_the_others(wrong: str, tmp_path: Path) -> None:
    old = LINES.copy()
    at_us = int(pd.Timestamp(wrong, tz="UTC").timestamp()) * 1_000_000
    old.loc[ORDINARY, ["at_us", "day_number"]] = at_us, at_us // 86_400_000_000
    old.loc[ORDINARY, ["ordered_at", "known_at"]] = pd.Timestamp(wrong, tz="UTC")
    logs = [history(lines) for lines in (LINES, old)]
    clean, winsorized = (winsorize_dates(log, find_outlying_dates(log)) for log in logs)
    plans = [plan_schedule(log.day_range()[0], cutoff(DAYS).day, (30, 60), 60) for log in (clean, winsorized)]
    assert plans[0] == plans[1]
    assert estimate_churn_days(winsorized, cutoff(DAYS)) == pytest.approx(
        estimate_churn_days(clean, cutoff(DAYS)), abs=1
    )
    first, other = (rows_of_others(lines, tmp_path, GIANT) for lines in (LINES, old))
    np.testing.assert_allclose(other.inputs, first.inputs, rtol=1e-9)
    rates = [order_rate(training_rows(lines, tmp_path)[0]) for lines in (LINES, old)]
    assert rates[1] == pytest.approx(rates[0], rel=0.05)


def test_rows_without_an_outlier_are_not_copied() -> None:
    rows = rows_of(outcomes_of(range(1, 41), [90] * 40), orders=[float(number) for number in range(1, 41)])
    winsorized = winsorize_rows(rows)
    assert winsorized.inputs is rows.inputs
    assert winsorized.outcomes.spend is rows.outcomes.spend


def test_a_silence_is_no_amount_and_stays() -> None:
    silence = [1.0] * 39 + [5_000.0]
    rows = rows_of(outcomes_of(range(1, 41), [90] * 40), recency_days=silence, mean_order=silence)
    winsorized = winsorize_rows(rows)
    assert winsorized.column("recency_days")[-1] == 5_000
    assert winsorized.column("mean_order")[-1] == 1


def test_the_fence_counts_customers_and_not_their_rows() -> None:
    rows = rows_of(outcomes_of(range(1, 101), [90] * 100), mean_order=[1.0] * 50 + [1e6] * 50)
    one_giant = replace(rows, customer=np.append(np.arange(50), np.full(50, 50)))
    assert winsorize_rows(one_giant).column("mean_order").max() == 1
    assert winsorize_rows(rows).column("mean_order").max() == 1e6


def totals(rows: Rows) -> Floats:
    return np.asarray(np.nansum(rows.outcomes.spend, axis=0))


def order_value(rows: Rows) -> float:
    newest = rows.select(rows.cutoff == rows.cutoff.max())
    model = fit_gamma_gamma(newest.column("orders"), newest.column("mean_order")).model
    return float(model.order_value(np.array([1.0]), np.array([20.0]))[0])


def population_spend(rows: Rows) -> float:
    buyers = rows.select(rows.column("orders") > 0)
    tier = fit_population_tier(buyers, PLAN)
    return tier.order_value * tier.scale[-1]


def order_rate(rows: Rows) -> float:
    newest = rows.select((rows.cutoff == rows.cutoff.max()) & (rows.column("orders") > 0))
    model = fit_btyd(*histories(newest.inputs, newest.names)).model
    repeats, recency, age, days = (np.array([value]) for value in (2.0, 60.0, 100.0, 60.0))
    return float(model.expected_orders(repeats, recency, age, days)[0, 0])
