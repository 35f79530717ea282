"""Profit: told where an experiment measured the offer or the caller assumes an effect, and refused elsewhere."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features.errors import StoreDamaged
from serving.audiences.errors import InvalidAudienceRequest
from serving.audiences.query.scores_table import Columns
from tests.serving.audiences.economics.campaigns import clear_effect, economics_of, experiments_with, results_of
from tests.serving.audiences.shop import TYPES, customers, small_table
from tests.serving.audiences.tables import columns
from training.experiments.result_schema import ExperimentResults, SampleRatio
from training.inference.uplift.evidence import Interval, UpliftEvidence

PRICES: dict[str, Any] = {"margin": 0.3, "contact_cost": 0.1, "experiment": "win-back"}
MARGIN_PER_ORDER = 0.3 * 3.0 * sum(range(59)) / (1.5 * 59)
RANKED = UpliftEvidence(
    experiment_id="win-back",
    arm="ten-percent",
    control="none",
    cost=1.2,
    outcome="order_28d",
    within_days=28,
    customers=2_000,
    policy="linear_t",
    reason=None,
    detail="",
    average_effect=Interval(0.1, 0.06, 0.14),
    qini=Interval(80.0, 20.0, 140.0),
    candidates={},
)


@pytest.fixture
def shop(tmp_path: Path) -> Columns:
    return small_table(tmp_path)


def test_an_experiment_tells_what_its_offer_brings_with_the_interval_of_its_look(shop: Columns, tmp_path: Path) -> None:
    stored = clear_effect()
    effect = stored.looks[-1].arms[1].effect
    assert effect is not None
    economics = economics_of(shop, PRICES, experiments=experiments_with(tmp_path, stored))
    assert (economics.profit_basis, economics.reason) == ("randomised", None)
    assert economics.incremental_orders is not None
    assert economics.incremental_margin is not None
    assert economics.profit is not None
    ends = [effect.value, effect.low, effect.high]
    assert [*economics.incremental_orders.model_dump().values()] == pytest.approx([60 * end for end in ends])
    margins = [60 * end * MARGIN_PER_ORDER for end in ends]
    assert [*economics.incremental_margin.model_dump().values()] == pytest.approx(margins)
    assert [*economics.profit.model_dump().values()] == pytest.approx([margin - 6.0 for margin in margins])
    assert economics.curve[-1].profit == economics.profit
    assert economics.detail == (
        "Measured by the experiment win-back, order_28d, at the look of 2027-04-12: the arm ten-percent against none, "
        "2,000 customers. It holds for people like those."
    )


def test_an_offer_paid_on_order_is_paid_for_those_who_would_have_ordered_anyway(shop: Columns, tmp_path: Path) -> None:
    prices = {**PRICES, "contact_cost": 0.0, "offer_cost": 2.0}
    economics = economics_of(shop, prices, experiments=experiments_with(tmp_path, clear_effect()))
    ordering = np.array([*(1 - np.arange(59) / 60), 0.0])
    assert economics.offer_cost == pytest.approx(2.0 * np.minimum(1.0, ordering + 0.1).sum())
    assert economics.profit is not None
    assert economics.incremental_margin is not None
    assert economics.profit.value == pytest.approx(economics.incremental_margin.value - economics.offer_cost)
    # How many use an offer anyway is not certain either, so the interval reaches further than that of the effect.
    assert economics.incremental_orders is not None
    effect = economics.incremental_orders.low or 0.0
    lowest = (economics.incremental_margin.low or 0.0) - 2.0 * np.minimum(1.0, ordering + effect / 60).sum()
    assert economics.profit.low is not None
    assert economics.profit.low < lowest - 1


def test_an_offer_that_costs_more_than_an_order_brings_keeps_its_interval_in_order(
    shop: Columns, tmp_path: Path
) -> None:
    prices = {**PRICES, "offer_cost": 500.0}
    profit = economics_of(shop, prices, experiments=experiments_with(tmp_path, clear_effect())).profit
    assert profit is not None
    assert profit.low is not None
    assert profit.high is not None
    assert profit.low < profit.value < profit.high < 0


def test_spend_is_worth_its_margin(shop: Columns, tmp_path: Path) -> None:
    outcome = {"kind": "spend", "within_days": 28}
    stored = clear_effect()
    experiments = experiments_with(tmp_path, stored, outcome=outcome)
    economics = economics_of(shop, PRICES, experiments=experiments)
    assert economics.incremental_orders is None
    assert economics.incremental_margin is not None
    assert economics.incremental_margin.value == pytest.approx(60 * 0.1 * 0.3)
    refused = economics_of(shop, {**PRICES, "offer_cost": 1.0}, experiments=experiments)
    assert (refused.profit_basis, refused.reason, refused.profit) == ("none", "orders_not_measured", None)


def test_an_assumption_is_marked_as_one_and_has_no_interval(shop: Columns) -> None:
    prices = {"margin": 0.3, "contact_cost": 0.1, "assumed_uplift": 0.02}
    economics = economics_of(shop, prices)
    assert (economics.profit_basis, economics.reason) == ("assumed", "no_experiment")
    assert economics.profit is not None
    assert economics.profit.model_dump() == {
        "value": pytest.approx(60 * 0.02 * MARGIN_PER_ORDER - 6.0), "low": None, "high": None
    }  # fmt: skip
    assert economics.detail.startswith(
        "Assumed by the caller: 0.02 additional orders per person contacted. No experiment shows it. "
    )


def test_an_added_order_is_worth_what_the_orders_of_the_same_person_are(shop: Columns) -> None:
    prices = {"margin": 0.3, "contact_cost": 0.1, "assumed_uplift": 0.02}
    best_first = {"column": "ltv_90d_mean", "descending": True}
    tenth = economics_of(shop, prices, order_by=best_first).curve[9]
    baskets = 3.0 * np.arange(58, 58 - tenth.contacted, -1) / 1.5
    assert tenth.profit is not None
    assert tenth.profit.value == pytest.approx((0.02 * 0.3 * baskets - 0.1).sum())


def test_an_assumption_gives_way_to_an_experiment(shop: Columns, tmp_path: Path) -> None:
    prices = {**PRICES, "assumed_uplift": 0.9}
    economics = economics_of(shop, prices, experiments=experiments_with(tmp_path, clear_effect()))
    assert economics.profit_basis == "randomised"
    assert economics.incremental_orders is not None
    assert economics.incremental_orders.value == pytest.approx(6.0)


def test_where_the_release_ranks_by_the_experiment_each_person_has_their_own_effect(tmp_path: Path) -> None:
    types = {**TYPES, **dict.fromkeys(("uplift", "uplift_low", "uplift_high"), TYPES["churn_probability"])}
    rows = [
        {**row, "uplift": index / 100, "uplift_low": index / 200, "uplift_high": index / 50} if index < 10 else row
        for index, row in enumerate(customers(60))
    ]
    shop, experiments = columns(tmp_path, rows, types), experiments_with(tmp_path, clear_effect())
    ranked = economics_of(shop, PRICES, experiments=experiments, uplift=RANKED)
    assert ranked.incremental_orders is not None
    assert ranked.incremental_orders.value == pytest.approx(0.45 + 50 * 0.1)
    assert "Each person has the effect of linear_t." in ranked.detail
    dear = economics_of(shop, {**PRICES, "offer_cost": 500.0}, experiments=experiments, uplift=RANKED).profit
    assert dear is not None
    assert dear.low is not None
    assert dear.high is not None
    assert dear.value - dear.low > dear.high - dear.value  # the more the offer moves, the more of it is paid
    other = UpliftEvidence(**{**vars(RANKED), "experiment_id": "spring"})
    average = economics_of(shop, PRICES, experiments=experiments, uplift=other)
    assert average.incremental_orders is not None
    assert average.incremental_orders.value == pytest.approx(6.0)


def few_customers() -> ExperimentResults:
    """Forty customers in one arm and twenty in the other."""
    return results_of(np.arange(60) % 2 == 0, np.arange(60) % 3 == 0)


def uneven_arms() -> ExperimentResults:
    """A clear effect, and an alarm of the sample ratio since."""
    alarm = SampleRatio(log_e_value=9.0, alarm=True, since=date(2027, 4, 1), method="")
    return clear_effect().model_copy(update={"sample_ratio": alarm, "detail": "The arms have a wrong ratio."})


@pytest.mark.parametrize(
    ("stored", "reason", "detail"),
    [
        (None, "not_yet", "Found no results of win-back yet; expected those of a nightly `flywheel learn`."),
        (clear_effect(date(2027, 4, 2)), "not_yet", "declared look"),
        (few_customers(), "not_yet", "expected 100 and 40"),
        (uneven_arms(), "not_identified", "wrong ratio"),
    ],
)
def test_an_experiment_without_an_effect_at_a_declared_look_tells_no_profit(
    shop: Columns, tmp_path: Path, stored: ExperimentResults | None, reason: str, detail: str
) -> None:
    economics = economics_of(shop, PRICES, experiments=experiments_with(tmp_path, stored))
    assert (economics.profit_basis, economics.reason, economics.profit) == ("none", reason, None)
    assert detail in economics.detail


def test_an_effect_on_another_channel_or_of_events_is_no_basis(shop: Columns, tmp_path: Path) -> None:
    by_mail = experiments_with(tmp_path / "a", clear_effect(), eligible={"channel": " E-Mail"})
    assert economics_of(shop, PRICES, experiments=by_mail, channel="sms").reason == "other_channel"
    assert economics_of(shop, PRICES, experiments=by_mail, channel="e-mail").profit_basis == "randomised"
    events = experiments_with(
        tmp_path / "b", clear_effect(), outcome={"kind": "event", "name": "visit", "within_days": 28}
    )
    assert economics_of(shop, PRICES, experiments=events).reason == "outcome_not_in_money"


def test_who_may_not_read_experiments_gets_no_effect_and_no_word_on_whether_they_exist(shop: Columns) -> None:
    economics = economics_of(shop, PRICES)
    assert (economics.profit_basis, economics.reason) == ("none", "no_access")


@pytest.mark.parametrize(
    ("fields", "field", "reason"),
    [
        (
            {"experiment": "spring"},
            "economics.experiment",
            "Found no experiment 'spring'; expected the id of a started",
        ),
        ({"experiment": None, "arm": "gift"}, "economics.arm", "Found gift without an experiment; expected both, or"),
        ({"arm": "gift"}, "economics.arm", "Found gift; expected an arm of win-back beside control. There are ten-p"),
        ({"arm": "none"}, "economics.arm", "Found none; expected an arm of win-back beside control."),
    ],
)
def test_an_unknown_experiment_or_arm_is_an_error_of_its_field(
    shop: Columns, tmp_path: Path, fields: dict[str, str], field: str, reason: str
) -> None:
    experiments = experiments_with(tmp_path, clear_effect())
    with pytest.raises(InvalidAudienceRequest) as invalid:
        economics_of(shop, {**PRICES, **fields}, experiments=experiments)
    assert invalid.value.errors[0].field == field
    assert invalid.value.errors[0].reason.startswith(reason)


def test_of_several_offers_one_is_named(shop: Columns, tmp_path: Path) -> None:
    arms = [{"name": "none", "control": True}, {"name": "ten-percent"}, {"name": "gift"}]
    experiments = experiments_with(tmp_path, clear_effect(), arms=arms)
    with pytest.raises(InvalidAudienceRequest) as invalid:
        economics_of(shop, PRICES, experiments=experiments)
    assert invalid.value.errors[0].reason == (
        "Found no arm; expected one of ten-percent, gift, since win-back has several beside control."
    )
    assert economics_of(shop, {**PRICES, "arm": "ten-percent"}, experiments=experiments).profit is not None


def test_damaged_results_are_an_error_of_the_home(shop: Columns, tmp_path: Path) -> None:
    experiments = experiments_with(tmp_path, clear_effect())
    (tmp_path / "experiments" / "win-back" / "results.json").write_text('{"metric": 1}')
    with pytest.raises(StoreDamaged, match="Found damaged results of the experiment win-back"):
        economics_of(shop, PRICES, experiments=experiments)
