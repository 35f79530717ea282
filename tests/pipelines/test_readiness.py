from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from tests.pipelines import shops
from tests.pipelines.command import CommandResult, Flywheel
from tests.pipelines.conftest import AS_OF, ShopOf
from tests.pipelines.shops import Log
from training.inference.forecast import TIERS

QUESTIONS = ("churn", "next_purchase", "ltv")


@dataclass(frozen=True)
class Shop:
    """A log with too little data for trees."""

    log: Log
    today: int
    customers: int
    tiers: frozenset[str]  # the tiers that may answer
    missing: str  # part of the readiness report
    business: dict[str, str] = field(default_factory=dict)


def log_of_single_orders(customers: int, days: int) -> Log:
    order_days = np.random.default_rng(1).integers(0, days, customers)
    return shops.log_of_orders(
        *((f"c{number:03d}", int(day), 10.0 + number % 7) for number, day in enumerate(order_days))
    )


SIMPLE = frozenset({"btyd", "cohort", "population"})
LAST = frozenset({"population"})
SHOPS = {
    "200 buyers": Shop(shops.simulate_log(200, 100), 100, 210, SIMPLE, "500 customers are needed"),
    "ten days": Shop(shops.simulate_log(100, 10), 10, 105, LAST, "79 days of log are needed to test 30 days ahead"),
    "a log that ended years ago": Shop(shops.simulate_log(60, 90), 1200, 63, SIMPLE, "500 customers are needed"),
    "one customer": Shop(
        shops.log_of_orders(("ann", 0, 10.0), ("ann", 20, 12.0), ("ann", 50, 9.0)),
        80,
        1,
        SIMPLE,
        "500 customers are needed, there are 1",
    ),
    "one order": Shop(shops.log_of_orders(("ann", 10, 10.0)), 40, 1, SIMPLE, "there are 30"),
    "one order, yesterday": Shop(shops.log_of_orders(("ann", 10, 10.0)), 11, 1, LAST, "there are 1"),
    "all orders on one day": Shop(
        shops.log_of_orders(*((f"c{number}", 5, 10.0 + number) for number in range(60))),
        90,
        60,
        SIMPLE,
        "500 customers are needed",
    ),
    "one order per customer": Shop(
        log_of_single_orders(700, 300), 300, 700, SIMPLE, "100 customers who came within 60 days are needed"
    ),
    "nothing but returns": Shop(shops.log_of_orders(("ann", 1, -5.0), ("bob", 3, -2.0)), 40, 2, LAST, "there are 39"),
    "a horizon from the log": Shop(
        shops.log_of_orders(("ann", 10, 10.0)), 40, 1, SIMPLE, "500 customers are needed", {"churn_days": '"auto"'}
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
        if name.startswith(("churn", "purchase", "expected", "ltv")) and scores[name].null_count < scores.num_rows:
            assert scores[name].null_count == 0, name
            assert np.isfinite(scores[name].to_numpy()).all(), name
    assert scores["model_tier"].null_count == scores["status"].null_count == 0


@pytest.mark.slow
def test_what_readiness_calls_trainable_is_what_is_trained(trained_shop: Flywheel) -> None:
    report = trained_shop("readiness", "--as-of", shops.day(AS_OF), "--json")
    assert trainable_models(report) == dict.fromkeys(QUESTIONS, True)
    assert report.summary["tiers"] == ["ml", "btyd", "cohort", "population"]
    assert evaluated_tiers(trained_shop.release) == {question: set(TIERS) for question in QUESTIONS}
    assert trained_shop.release["tiered_model"]["tier_by_model"] == dict.fromkeys(QUESTIONS, "ml")
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
        flywheel, today = shop_of(shop.log, **shop.business), shops.day(shop.today)
        return flywheel, flywheel("readiness", "--as-of", today, "--json"), flywheel("run", "--as-of", today, "--json")

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(SHOPS, pool.map(report_shop, SHOPS.values()), strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("name", SHOPS)
def test_a_shop_with_little_history_is_answered_by_the_announced_tiers(
    name: str, shop_report: dict[str, tuple[Flywheel, CommandResult, CommandResult]]
) -> None:
    shop, (flywheel, report, run_result) = SHOPS[name], shop_report[name]
    assert (report.status, run_result.status) == (0, 0), report.err + run_result.err
    assert trainable_models(report) == dict.fromkeys(QUESTIONS, False)
    assert any(shop.missing in answer["missing"] for answer in report.summary["answers"])
    assert all(answer["remedy"] for answer in report.summary["answers"])
    assert run_result.summary["customers"] == shop.customers
    tiers = flywheel.release["tiered_model"]["tier_by_model"]
    assert set(tiers.values()) <= shop.tiers & set(report.summary["tiers"])
    assert all("ml" not in tested for tested in evaluated_tiers(flywheel.release).values())
    assert_no_gaps(flywheel)


@pytest.mark.slow
def test_a_shop_without_categories_is_told_so_and_answers_without_them(shop_of: ShopOf) -> None:
    log = shops.simulate_log(120, 200)
    flywheel = shop_of(log.with_orders(log.orders.drop(columns="category")))
    report = flywheel("readiness", "--as-of", shops.day(200), "--json")
    (note,) = report.summary["notes"]
    assert note.startswith("next_purchase per category: the log has no categories; name the category column")
    assert flywheel("run", "--as-of", shops.day(200), "--json").status == 0
    assert flywheel.scores["next_category"].null_count == flywheel.scores.num_rows


@pytest.mark.slow
def test_a_shop_without_amounts_is_told_why_it_has_no_lifetime_values(shop_of: ShopOf) -> None:
    log = shops.simulate_log(120, 200)
    flywheel = shop_of(log.with_orders(log.orders.drop(columns="amount")))
    report = flywheel("readiness", "--as-of", shops.day(200), "--json")
    ltv = [answer for answer in report.summary["answers"] if answer["model"] == "ltv"]
    assert {(answer["missing"], answer["trainable"], len(answer["tiers"])) for answer in ltv} == {
        ("the log has no amounts", False, 0)
    }
    run_result = flywheel("run", "--as-of", shops.day(200), "--json")
    assert (run_result.status, run_result.summary["ltv"]) == (0, "the log has no amounts")
    scores = flywheel.scores
    for name in scores.column_names:
        missing = name.startswith("ltv_") or name == "historic_spend"
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
    assert "No order line before the cutoff. Expected at least one: check --as-of and the log's dates." in result.err
