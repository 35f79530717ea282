from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tests.pipelines import shops
from tests.pipelines.command import CommandResult, Flywheel
from tests.pipelines.conftest import AS_OF, ShopOf
from tests.pipelines.shops import Log
from training.inference.forecast import TIERS

QUESTIONS = ("churn", "next_purchase", "ltv")


@dataclass(frozen=True)
class Shop:
    """A log with too little history for the average."""

    log: Log
    today: int
    customers: int
    tier: str  # the tier that answers
    missing: str  # part of the readiness report
    business: dict[str, str] = field(default_factory=dict)
    accept: tuple[str, ...] = ()


def log_of_single_orders(customers: int, days: int) -> Log:
    order_days = np.random.default_rng(1).integers(0, days, customers)
    return shops.log_of_orders(
        *((f"c{number:03d}", int(day), 10.0 + number % 7) for number, day in enumerate(order_days))
    )


SHOPS = {
    "too few customers": Shop(shops.simulate_log(40, 100), 100, 42, "population", "30 customers are needed"),
    "ten days": Shop(shops.simulate_log(100, 10), 10, 105, "population", "74 days of log are needed to test 30 days"),
    "one order": Shop(
        shops.log_of_orders(("ann", 10, 10.0)), 40, 1, "population", "there are 30", {"churn_days": '"auto"'}
    ),
    "one order, yesterday": Shop(shops.log_of_orders(("ann", 10, 10.0)), 11, 1, "population", "there are 1"),
    "all orders on one day": Shop(
        shops.log_of_orders(*((f"c{number}", 5, 10.0 + number) for number in range(60))),
        90,
        60,
        "btyd",
        "10 customers who came within 30 days are needed",
    ),
    "one order per customer": Shop(
        log_of_single_orders(300, 300),
        300,
        300,
        "btyd",
        "10 customers who came within 60 days are needed",
        accept=("customer_per_order",),
    ),
    "nothing but returns": Shop(
        shops.log_of_orders(("ann", 1, -5.0), ("bob", 3, -2.0)), 40, 2, "population", "there are 39"
    ),
}


def trainable_models(report: CommandResult) -> dict[str, bool]:
    """Return whether any horizon of each model is trainable."""
    answers = report.summary["answers"]
    return {name: any(answer["trainable"] for answer in answers if answer["model"] == name) for name in QUESTIONS}


def evaluated_tiers(release: dict[str, Any]) -> dict[str, set[str]]:
    """Return the tiers that were tested, by model."""
    return {
        card["name"]: {metric["contestant"] for metric in card["metrics"]} & set(TIERS) for card in release["cards"]
    }


def assert_no_gaps(flywheel: Flywheel) -> None:
    """Assert that every prediction is a finite number, and every row has a tier and a status."""
    scores = flywheel.scores
    for name in scores.column_names:
        is_answer = name.startswith(("churn", "purchase", "expected", "ltv"))
        if is_answer and scores[name].null_count < scores.num_rows:
            assert scores[name].null_count == 0, name
            if pa.types.is_floating(scores[name].type):
                assert np.isfinite(scores[name].to_numpy()).all(), name
    assert scores["model_tier"].null_count == scores["status"].null_count == 0


@pytest.mark.slow
def test_what_readiness_calls_trainable_is_what_is_trained(trained_shop: Flywheel) -> None:
    report = trained_shop("readiness", "--as-of", shops.day(AS_OF), "--json")
    assert trainable_models(report) == dict.fromkeys(QUESTIONS, True)
    assert report.summary["tier"] == "average"
    tested = {"average", "btyd", "population"}
    assert evaluated_tiers(trained_shop.release) == dict.fromkeys(QUESTIONS, tested)
    assert trained_shop.release["tiered_model"]["tier_by_model"] == dict.fromkeys(QUESTIONS, "average")
    late = next(answer for answer in report.summary["answers"] if answer["horizon_days"] == 365)
    assert (late["trainable"], late["missing"]) == (
        False,
        "821 days of log are needed to test 365 days ahead, there are 260",
    )
    assert "until then answered from 60 days" in late["remedy"]


@pytest.fixture(scope="module")
def shop_report(shop_of: ShopOf) -> dict[str, tuple[Flywheel, CommandResult, CommandResult]]:
    """Every small shop with the reports of ``readiness`` and ``run``."""

    def report_shop(shop: Shop) -> tuple[Flywheel, CommandResult, CommandResult]:
        flywheel, today = shop_of(shop.log, accept=shop.accept, **shop.business), shops.day(shop.today)
        return flywheel, flywheel("readiness", "--as-of", today, "--json"), flywheel("run", "--as-of", today, "--json")

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(SHOPS, pool.map(report_shop, SHOPS.values()), strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("name", SHOPS)
def test_a_shop_with_little_history_is_answered_by_the_announced_tier_and_says_so(
    name: str, shop_report: dict[str, tuple[Flywheel, CommandResult, CommandResult]]
) -> None:
    shop, (flywheel, report, run_result) = SHOPS[name], shop_report[name]
    assert (report.status, run_result.status) == (0, 0), report.err + run_result.err
    assert trainable_models(report) == dict.fromkeys(QUESTIONS, False)
    assert any(shop.missing in answer["missing"] for answer in report.summary["answers"])
    assert all(answer["remedy"] for answer in report.summary["answers"])
    assert run_result.summary["customers"] == shop.customers
    assert report.summary["tier"] == shop.tier
    assert set(flywheel.release["tiered_model"]["tier_by_model"].values()) == {shop.tier}
    assert all("average" not in tested for tested in evaluated_tiers(flywheel.release).values())
    for column in ("status", *(f"{question}_status" for question in QUESTIONS)):
        assert set(flywheel.scores[column].to_pylist()) == {"insufficient_history"}, column
    assert_no_gaps(flywheel)


@pytest.mark.slow
def test_a_shop_without_amounts_and_categories_is_told_so_and_answers_without_them(shop_of: ShopOf) -> None:
    log = shops.simulate_log(120, 200)
    flywheel = shop_of(log.with_orders(log.orders.drop(columns=["amount", "category"])))
    report = flywheel("readiness", "--as-of", shops.day(200), "--json")
    (note,) = (note for note in report.summary["notes"] if note.startswith("next_purchase per category: "))
    assert "the log has no categories; name the category column" in note
    ltv = [answer for answer in report.summary["answers"] if answer["model"] == "ltv"]
    assert {(answer["missing"], answer["trainable"], answer["tier"]) for answer in ltv} == {
        ("the log has no amounts", False, "")
    }
    run_result = flywheel("run", "--as-of", shops.day(200), "--json")
    assert (run_result.status, run_result.summary["ltv"]) == (0, "the log has no amounts")
    scores = flywheel.scores
    for name in scores.column_names:
        missing = (name.startswith("ltv_") and not name.endswith(("status", "tier"))) or name in {
            "historic_spend",
            "next_category",
        }
        if missing or name.startswith(("churn", "purchase", "expected")):
            assert scores[name].null_count == (scores.num_rows if missing else 0), name
    assert (scores["expected_orders_60d"].to_numpy() >= scores["purchase_probability_60d"].to_numpy() - 1e-15).all()
    assert flywheel("score", "--json").summary["note"] == (
        "the log has no amounts, so the ltv_* columns, rfm_monetary and rfm_segment are null"
    )
    assert_no_gaps(flywheel)


@pytest.mark.slow
@pytest.mark.parametrize("command", ["readiness", "run"])
def test_a_log_with_nothing_before_the_day_says_so(command: str, shop_of: ShopOf) -> None:
    flywheel = shop_of(shops.simulate_log(20, 30))
    result = flywheel(command, "--as-of", shops.day(-1), "--json")
    assert (result.status, result.out) == (1, "")
    assert (
        "No order line before the cutoff. Expected at least one: check --as-of, the log's dates, and that "
        "customer_id names customers." in result.err
    )
