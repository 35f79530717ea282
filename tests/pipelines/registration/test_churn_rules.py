"""Churn rules of a shop: wherever the model is reported, its rules are reported beside it."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
import pytest

from tests.pipelines import shops
from tests.pipelines.command import CommandResult, Flywheel
from tests.pipelines.conftest import ShopOf, ShopSnapshot

pytestmark = pytest.mark.slow

TODAY = 180


@pytest.fixture(scope="module")
def log() -> shops.Log:
    return shops.simulate_log(120, 200)


@pytest.fixture(scope="module")
def shop_with_rules(grown_shop_snapshot: ShopSnapshot) -> Flywheel:
    """A shop of 120 customers with three rules, one of which asks for more days than there are."""
    return grown_shop_snapshot.restore()


@pytest.fixture(scope="module")
def evaluation(shop_with_rules: Flywheel) -> CommandResult:
    return shop_with_rules("evaluate", "--as-of", shops.day(TODAY), "--json")


def test_every_rule_is_judged_at_every_origin_and_over_all(evaluation: CommandResult) -> None:
    rows = [(one["rule"], one["origin"]) for one in evaluation.summary["churn_rules"]]
    origins = sorted({one["origin"] for one in evaluation.summary["scores"]}, reverse=True)
    assert len(origins) > 1
    assert [one["rule"] for one in evaluation.summary["churn_rule_limits"]] == ["a year"]
    assert rows == [(name, at) for name in ("no contact for 3 days", "30 天未下单") for at in (*origins, None)]


def test_a_rule_is_judged_on_the_log_as_a_clerk_would(evaluation: CommandResult, log: shops.Log) -> None:
    one = next(one for one in evaluation.summary["churn_rules"] if one["rule"] == "30 天未下单" and one["origin"])
    number = (pd.Timestamp(one["origin"]).date() - shops.OPENING).days
    buyers, last = customers_with_orders(log.known_before(number).orders)
    after, _ = customers_with_orders(log.known_before(TODAY).orders, number, number + 60)
    lapsed = {customer_id for customer_id in buyers if last[customer_id] < number - 30}
    assert one["horizon_days"] == 60
    assert (one["customers"], one["flagged"]) == (len(buyers), len(lapsed))
    assert one["churned"] == len(buyers - after)
    assert one["precision"] == pytest.approx(len(lapsed - after) / len(lapsed))
    assert one["recall"] == pytest.approx(len(lapsed - after) / len(buyers - after))


def customers_with_orders(orders: pd.DataFrame, start: int = 0, end: int = 1000) -> tuple[set[str], dict[str, int]]:
    """Who placed an order between two days, and the last day on which each did."""
    somebody = orders[orders["customer"] != ""]
    placed = somebody.groupby(["customer", "basket"]).agg(amount=("amount", "sum"), at=("at", "min")).reset_index()
    placed["day"] = (placed["at"] - pd.Timestamp(shops.OPENING)).dt.days
    inside = placed[(placed["amount"].round(2) > 0) & (placed["day"] >= start) & (placed["day"] < end)]
    last = inside.groupby("customer")["day"].max()
    return set(last.index), {str(customer_id): int(day) for customer_id, day in last.items()}


def test_people_are_shown_a_table(shop_with_rules: Flywheel, evaluation: CommandResult) -> None:
    result = shop_with_rules("evaluate", "--as-of", shops.day(TODAY))
    tier = evaluation.summary["churn_rules"][0]["tier"]
    assert f"churn rules compared with {tier} at the same number of flags" in result.out
    assert "(churn: no order in 60 days)" in result.out
    assert "30 天未下单" in result.out
    assert 'rule "a year": it asks for 365 days of inactivity' in result.out
    assert "own median gap" in result.out


def test_readiness_says_what_a_rule_cannot_say(shop_with_rules: Flywheel) -> None:
    result = shop_with_rules("readiness", "--as-of", shops.day(TODAY), "--json")
    (limit,) = result.summary["churn_rule_limits"]
    assert limit["rule"] == "a year"
    assert limit["missing"] == "it asks for 365 days of inactivity, there are 180 days of log: it can flag no customer"
    shown = shop_with_rules("readiness", "--as-of", shops.day(TODAY)).out
    assert (
        'rule "a year": it asks for 365 days of inactivity, there are 180 days of log: it can flag no customer;'
        in shown
    )


def test_in_a_log_without_events_readiness_says_what_a_contact_is(shop_of: ShopOf, log: shops.Log) -> None:
    flywheel = shop_of(shops.Log(log.orders, None), churn_rules=shops.CHURN_RULES)
    result = flywheel("readiness", "--as-of", shops.day(TODAY)).out
    assert 'rule "no contact for 3 days": the log has no events, so a contact is an order line;' in result


def test_the_release_and_the_model_card_tell_of_the_rules(shop_with_rules: Flywheel, evaluation: CommandResult) -> None:
    cards = {card["name"]: card for card in shop_with_rules.release["cards"]}
    judged = evaluation.summary["churn_rules"]
    assert [one["origin"] for one in cards["churn"]["churn_rules"]] == [one["origin"] for one in judged]
    assert cards["churn"]["churn_rules"][0]["precision"] == pytest.approx(judged[0]["precision"], abs=1e-6)
    assert "churn_rules" not in cards["ltv"]
    texts = [path.read_text() for path in artifact_paths(shop_with_rules, "card.md")]
    assert [("## Beside the rules in use" in card) for card in sorted(texts)] == [True, False, False]


def test_mlflow_has_the_rules_as_a_table_and_a_figure(shop_with_rules: Flywheel, evaluation: CommandResult) -> None:
    for kind in ("training", "evaluation"):
        (table,) = artifact_paths(shop_with_rules, "churn_rules.csv", kind)
        with table.open(encoding="utf-8") as lines:
            rows = list(csv.DictReader(lines))
        assert len(rows) == len(evaluation.summary["churn_rules"])
        assert len(artifact_paths(shop_with_rules, "churn_rules.png", kind)) == 1
        assert (table.parents[1] / "figures" / "churn_rules.png").is_file()


def artifact_paths(flywheel: Flywheel, name: str, kind: str = "*") -> list[Path]:
    return sorted((flywheel.home.folder / "mlartifacts").glob(f"{kind}/**/artifacts/**/{name}"))


def test_a_shop_without_rules_is_shown_none(corner_shop: Flywheel) -> None:
    assert corner_shop("evaluate", "--as-of", shops.day(10), "--json").summary["churn_rules"] == []
    assert corner_shop("readiness", "--as-of", shops.day(10), "--json").summary["churn_rule_limits"] == []
    assert "churn_rules" not in str(corner_shop.release)
    assert artifact_paths(corner_shop, "churn_rules.*") == []
