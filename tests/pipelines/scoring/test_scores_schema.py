from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from features.arrays import Days, Floats
from tests.pipelines import shops
from tests.pipelines.command import Flywheel
from tests.pipelines.conftest import AS_OF
from tests.pipelines.shops import Log
from training.inference.answers.answer import WITHIN_DAYS
from training.segments.columns import segment_columns
from training.segments.preferences import COLUMN_FAMILIES
from training.segments.preferences import PREFERENCE_COLUMNS as PREFERENCES

pytestmark = pytest.mark.slow

TODAY = shops.day(AS_OF)
LEAD = timedelta(days=5)
HORIZONS = (30, 60, 365)
# One unit in the last place, lost between the grid of days and the requested day.
ROUNDING = 1e-15

INSTANT, AMOUNT, DAY = pa.timestamp("us", tz="UTC"), pa.float64(), pa.date32()
CONTRACT = {
    "customer_id": pa.string(),
    "as_of": INSTANT,
    "log_until": INSTANT,
    "status": pa.string(),
    "model_tier": pa.string(),
    "release": pa.string(),
    "prediction_id": pa.string(),
    "churn_status": pa.string(),
    "churn_tier": pa.string(),
    "churn_probability": AMOUNT,
    "churn_percentile": AMOUNT,
    "churn_band": pa.string(),
    "churn_horizon_days": pa.int32(),
    "next_purchase_status": pa.string(),
    "next_purchase_tier": pa.string(),
    **{f"purchase_probability_{days}d": AMOUNT for days in (7, 14, 30, 60, 90)},
    **{f"next_purchase_{name}": DAY for name in ("p10", "p50", "p90", "p50_if_within_60d")},
    "remind_on": DAY,
    "ltv_status": pa.string(),
    "ltv_tier": pa.string(),
    **{
        f"{name.format(days)}": AMOUNT
        for days in HORIZONS
        for name in ("expected_orders_{}d", *(f"ltv_{{}}d_{one}" for one in ("mean", "median", "p10", "p90")))
    },
    "historic_spend": AMOUNT,
    "orders": pa.int64(),
    "first_order_at": INSTANT,
    "last_order_at": INSTANT,
    "next_category": pa.string(),
    "next_category_remind_on": DAY,
    **{column.name: column.type for column in segment_columns(())},
    **{column.name: column.type for column in PREFERENCES},
    "consent_channels": pa.list_(pa.string()),
    "consent_until": INSTANT,
}


@pytest.fixture(scope="module")
def scores(trained_shop: Flywheel) -> pa.Table:
    return trained_shop.scores


def column(scores: pa.Table, name: str) -> Floats:
    values: Floats = scores[name].to_numpy()
    return values


def purchase_probabilities(scores: pa.Table) -> Floats:
    """P(order) within each of the days of the contract, (n, days)."""
    return np.column_stack([column(scores, f"purchase_probability_{days}d") for days in WITHIN_DAYS])


def dates(scores: pa.Table, name: str) -> Days:
    """Days, in the far future where they are beyond the model's last."""
    values: Days = scores[name].fill_null(pa.scalar(TODAY + timedelta(days=3650))).to_numpy()
    return values


def known_lines(log: Log) -> pd.DataFrame:
    lines = log.known_before(AS_OF).orders
    return lines[lines["customer"] != ""]


def test_the_columns_are_those_of_the_contract(scores: pa.Table) -> None:
    assert dict(zip(scores.schema.names, scores.schema.types, strict=True)) == CONTRACT
    assert scores.schema.names == list(CONTRACT)


def test_there_is_one_row_per_known_customer(scores: pa.Table, log: Log) -> None:
    events = log.known_before(AS_OF).events
    assert events is not None
    customers = scores["customer_id"].to_pylist()
    assert len(customers) == len(set(customers))
    assert set(customers) == set(known_lines(log)["customer"]) | set(events["customer"])


def test_every_row_says_who_answers_and_for_when(trained_shop: Flywheel, scores: pa.Table, log: Log) -> None:
    assert set(scores["release"].to_pylist()) == {"1"}
    assert {one.astimezone(shops.ZONE).replace(tzinfo=None).isoformat() for one in scores["as_of"].to_pylist()} == {
        f"{TODAY}T00:00:00"
    }
    assert set(scores["churn_horizon_days"].to_pylist()) == {60}
    assert set(trained_shop.release["tiered_model"]["tier_by_model"].values()) == {"average"}
    last_order = pd.Timestamp(scores["log_until"][0].as_py()).tz_convert(shops.ZONE).tz_localize(None)
    assert last_order == known_lines(log)["at"].max()
    assert scores["log_until"].null_count == 0
    answered = set(zip(scores["status"].to_pylist(), scores["model_tier"].to_pylist(), strict=True))
    assert answered == {("scored", "average"), ("insufficient_history", "population")}
    for name in ("churn", "next_purchase", "ltv"):
        assert scores[f"{name}_status"].equals(scores["status"]), name
        assert scores[f"{name}_tier"].equals(scores["model_tier"]), name


def test_the_band_of_churn_is_that_of_its_probability(scores: pa.Table) -> None:
    for band, probability in zip(scores["churn_band"].to_pylist(), column(scores, "churn_probability"), strict=True):
        assert band == ("low" if probability < 0.3 else "medium" if probability < 0.7 else "high")


def test_what_a_customer_did_so_far_is_what_the_log_says(scores: pa.Table, log: Log) -> None:
    lines = known_lines(log)
    baskets = lines.groupby(["customer", "basket"]).agg(amount=("amount", "sum"), at=("at", "min")).reset_index()
    orders = baskets[baskets["amount"].round(4) > 0].groupby("customer")["at"].agg(["count", "min", "max"])
    spend = lines.groupby("customer")["amount"].sum()
    for row in scores.select(
        ["customer_id", "orders", "first_order_at", "last_order_at", "historic_spend"]
    ).to_pylist():
        customer_id = row["customer_id"]
        assert row["historic_spend"] == pytest.approx(spend.get(customer_id, 0.0), abs=1e-9)
        if customer_id not in orders.index:
            assert (row["orders"], row["first_order_at"], row["last_order_at"]) == (0, None, None)
            continue
        assert row["orders"] == orders.loc[customer_id, "count"]
        for name, which in (("first_order_at", "min"), ("last_order_at", "max")):
            assert row[name].astimezone(shops.ZONE).replace(tzinfo=None) == orders.loc[customer_id, which]


def test_a_visitor_who_never_ordered_is_answered_from_the_lowest_tier(scores: pa.Table) -> None:
    visitors = scores.filter(pc.starts_with(scores["customer_id"], "v"))
    assert visitors.num_rows > 10
    assert set(visitors["orders"].to_pylist()) == {0}
    assert visitors["first_order_at"].null_count == visitors["last_order_at"].null_count == visitors.num_rows
    assert set(visitors["model_tier"].to_pylist()) == {"population"}
    assert set(visitors["status"].to_pylist()) == {"insufficient_history"}


def test_nothing_is_missing_but_dates_that_never_come(scores: pa.Table) -> None:
    nulls = {name for name in scores.column_names if scores[name].null_count}
    dates = {"next_purchase_p10", "next_purchase_p50", "next_purchase_p90", "remind_on"}
    dates |= {"next_category", "next_category_remind_on"}
    never = {"first_order_at", "last_order_at"} | {name for name in scores.column_names if name.startswith("rfm_")}
    # The shop logs neither channels nor discounts, and no consent ends.
    unlogged = {one.name for family in ("channel", "price") for one in COLUMN_FAMILIES[family]} | {"consent_until"}
    assert nulls <= dates | never | unlogged
    assert all(scores[name].null_count == scores.num_rows for name in unlogged)
    for name in never:
        assert scores[name].is_null().equals(pc.equal(scores["orders"], 0)), name
    for name in {*scores.column_names} - unlogged:
        if scores[name].type == AMOUNT:
            assert np.isfinite(column(scores, name)).all(), name


def test_a_category_is_named_with_its_reminder_which_is_never_before_that_of_any_order(scores: pa.Table) -> None:
    named, reminded = scores["next_category"].is_valid(), scores["next_category_remind_on"].is_valid()
    assert named.equals(reminded)
    assert pc.sum(named).as_py() > 150
    assert set(scores["next_category"].drop_null().to_pylist()) == set(shops.CATEGORIES)
    own = dates(scores, "next_category_remind_on")
    assert (own[named.to_numpy()] >= dates(scores, "remind_on")[named.to_numpy()]).all()


def test_churn_is_what_is_left_of_ordering_within_its_horizon(scores: pa.Table) -> None:
    left = 1 - column(scores, "purchase_probability_60d")
    assert (column(scores, "churn_probability") == left).all()


def test_the_probability_of_an_order_never_falls_with_the_days(scores: pa.Table) -> None:
    assert (np.diff(purchase_probabilities(scores), axis=1) >= 0).all()
    assert ((purchase_probabilities(scores) > 0) & (purchase_probabilities(scores) < 1)).all()


def test_no_amount_falls_with_the_horizon(scores: pa.Table) -> None:
    for name in ("expected_orders_{}d", *(f"ltv_{{}}d_{one}" for one in ("mean", "median", "p10", "p90"))):
        amounts = np.column_stack([column(scores, name.format(days)) for days in HORIZONS])
        assert (amounts >= 0).all(), name
        assert (np.diff(amounts, axis=1) >= 0).all(), name


@pytest.mark.parametrize("days", HORIZONS)
def test_the_median_lies_within_its_interval(scores: pa.Table, days: int) -> None:
    p10, median, p90 = (column(scores, f"ltv_{days}d_{name}") for name in ("p10", "median", "p90"))
    assert ((p10 <= median) & (median <= p90)).all()
    assert (p90 > median).mean() > 0.5


@pytest.mark.parametrize("days", [30, 60])
def test_who_rather_stays_away_has_a_median_of_nothing(scores: pa.Table, days: int) -> None:
    away = column(scores, f"purchase_probability_{days}d") < 0.5
    assert (column(scores, f"ltv_{days}d_median")[away] == 0).all()
    assert 0.1 < away.mean() < 0.9


@pytest.mark.parametrize("days", [30, 60])
def test_more_orders_are_expected_than_one_that_may_come(scores: pa.Table, days: int) -> None:
    excess = column(scores, f"expected_orders_{days}d") - column(scores, f"purchase_probability_{days}d")
    assert excess.min() >= -ROUNDING


def test_the_dates_are_in_order_and_none_is_past(scores: pa.Table) -> None:
    p10, p50, p90 = (dates(scores, f"next_purchase_{name}") for name in ("p10", "p50", "p90"))
    assert (np.datetime64(TODAY) <= p10).all()
    assert ((p10 <= p50) & (p50 <= p90)).all()


def test_the_dates_say_the_same_as_the_probabilities(scores: pa.Table) -> None:
    wait = (dates(scores, "next_purchase_p50") - np.datetime64(TODAY)).astype(int)
    for place, days in enumerate(WITHIN_DAYS):
        assert (purchase_probabilities(scores)[wait < days, place] >= 0.5 - ROUNDING).all()
        assert (purchase_probabilities(scores)[wait > days, place] < 0.5 + ROUNDING).all()


def test_the_date_given_an_order_within_the_churn_horizon_lies_in_it_and_not_after_the_median(scores: pa.Table) -> None:
    conditional = dates(scores, "next_purchase_p50_if_within_60d")
    assert ((np.datetime64(TODAY) <= conditional) & (conditional <= np.datetime64(TODAY + timedelta(days=60)))).all()
    assert (conditional <= dates(scores, "next_purchase_p50")).all()


def test_the_reminder_comes_before_the_order_and_never_in_the_past(scores: pa.Table) -> None:
    medians = ("next_purchase_p50", "next_purchase_p50_if_within_60d", "churn_probability", "remind_on")
    for median, conditional, churn, remind_on in zip(*(scores[name].to_pylist() for name in medians), strict=True):
        expected = conditional if churn <= 0.5 else median
        assert remind_on == (None if expected is None else max(TODAY, expected - LEAD))


def test_percentiles_rank_the_population_by_its_probability(scores: pa.Table) -> None:
    probability, percentile = column(scores, "churn_probability"), column(scores, "churn_percentile")
    order = np.lexsort((percentile, probability))
    assert (np.diff(percentile[order]) >= 0).all()
    assert percentile.min() >= 0
    assert percentile.max() <= 100
    assert percentile.mean() == pytest.approx(50, abs=0.5)
