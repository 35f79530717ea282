"""Reminders: the local day to remind a customer, and the order of the categories."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import orjson
import pytest

from serving.predictions.scorer import score
from serving.predictions.serializers import serialize_predictions
from serving.schemas.predictions import PredictionsResponse
from tests.serving.assortment import NUMBER, TABLES, CategoryOrder, category_lines, score_customers
from tests.serving.fakes import (
    AMSTERDAM,
    DAY,
    NO_ORDERS,
    TODAY,
    FakeRelease,
    KnownCustomer,
    constant_rate_forecast,
    feature_rows,
    timestamp_us,
)
from training.inference.answers.next_purchase import CategoryColumns, category_columns
from training.inference.answers.order_waits import OrderWaits
from training.inference.answers.shop_day import ShopDay
from training.inference.categories.forecast import forecast_categories

CREAM: CategoryOrder = ("cream", 1)  # expected in 62 days, at half of 90 days' hazard
TEA: CategoryOrder = ("tea", 5)
WINE: CategoryOrder = ("wine", 700)


def category_predictions(*orders: tuple[CategoryOrder, ...], rate: float = 5.0, as_of: int = TODAY) -> CategoryColumns:
    columns = score_customers(*orders, rate=rate, as_of=as_of).by_model["next_purchase"].by_category
    assert isinstance(columns, CategoryColumns)
    return columns


def serialized_predictions(*orders: tuple[CategoryOrder, ...]) -> list[dict[str, Any]]:
    """The next purchase of each customer, as JSON that a caller receives."""
    body = orjson.dumps({"predictions": serialize_predictions(score_customers(*orders), {"next_purchase"})})
    PredictionsResponse.model_validate_json(body)
    return [row["next_purchase"] for row in orjson.loads(body)["predictions"]]


def test_the_soonest_reminder_comes_first_and_none_comes_last() -> None:
    columns = category_predictions((WINE, CREAM, TEA), ())
    assert columns.category == ("tea", "cream", "wine")
    assert columns.offsets.tolist() == [0, 3, 3]
    assert np.isnat(columns.p50).tolist() == np.isnat(columns.remind_on).tolist() == [False, False, True]
    assert str(columns.p50[1]) == str(np.datetime64("2026-11-21") + int(90 * np.log(2)))
    assert str(columns.p50_if_within[1]) == str(np.datetime64("2026-11-21") + int(conditional_median(90)))
    assert columns.remind_on[1] == columns.p50_if_within[1] - np.timedelta64(15, "D")


def conditional_median(gap: float) -> float:
    """The median wait given an order within 90 days, at a constant hazard of one order per gap."""
    return float(-np.log((1 + np.exp(-90 / gap)) / 2) * gap)


def test_a_category_is_not_reminded_of_before_any_order_is() -> None:
    any_order = constant_rate_forecast(np.array([5.0]))
    forecast = forecast_categories(TABLES, category_lines((CREAM, TEA)), any_order, float(NUMBER))
    overall = OrderWaits(horizon_days=90, quantiles=np.array([[20.0, 50.0, 80.0]]), median_if_within=np.array([40.0]))
    columns = category_columns(forecast, overall, ShopDay.from_instant(TODAY, AMSTERDAM), lead_days=15)
    assert columns.p50_if_within[0] < np.datetime64("2026-12-31")
    assert columns.remind_on.tolist() == [date(2026, 12, 16)] * 2


def test_each_customer_keeps_their_own_categories() -> None:
    columns = category_predictions((WINE, CREAM), (), (TEA,))
    assert columns.offsets.tolist() == [0, 2, 2, 3]
    assert columns.category == ("cream", "wine", "tea")


def test_a_reminder_whose_day_has_passed_is_for_today() -> None:
    assert str(category_predictions((TEA,)).remind_on[0]) == "2026-11-21"
    assert str(category_predictions((TEA,), as_of=TODAY + 3 * DAY).remind_on[0]) == "2026-11-24"


def test_no_date_is_past_at_any_time_of_the_day() -> None:
    for hour in ("00:00", "12:00", "23:59"):
        for days in (1, 30, 400):
            columns = category_predictions(
                (("tea", days), ("cream", days)), as_of=timestamp_us(f"2026-11-22T{hour}"), rate=1e4
            )
            assert (columns.p10 >= np.datetime64("2026-11-22")).all()
            assert (columns.p10 <= columns.p50).all()


def test_the_last_order_is_a_day_of_the_shop_and_the_silence_is_told_in_expected_gaps() -> None:
    columns = category_predictions((TEA,), as_of=TODAY + DAY // 2)
    assert str(columns.last_order_at[0]) == "2026-11-16"
    assert str(np.datetime64(NUMBER, "D")) == "2026-11-21"
    assert columns.overdue_ratio[0] == pytest.approx(5.5 / 20)


def test_a_category_is_told_as_documented() -> None:
    buyer, no_orders = serialized_predictions((CREAM, TEA), ())
    assert no_orders["by_category"] == []
    (_, cream) = buyer["by_category"]
    within = cream.pop("probability_within")
    assert within["30"] == pytest.approx(1 - np.exp(-30 / 90))
    assert list(within) == ["7", "14", "30", "60", "90"]
    assert cream == {
        "category": "cream",
        "evidence": "population",
        "last_order_at": "2026-11-20",
        "p10": "2026-11-30",
        "p50": "2027-01-22",
        "p90": "2027-06-16",
        "p50_if_within": {"90": "2026-12-25"},
        "remind_on": "2026-12-10",
        "overdue_ratio": pytest.approx(1 / 90),
    }


def test_of_a_shop_without_categories_nothing_is_said_of_them() -> None:
    answers = score(FakeRelease(), feature_rows({"ann": KnownCustomer(), "bob": NO_ORDERS}), TODAY)
    assert answers.by_model["next_purchase"].by_category is None
    assert [row["next_purchase"]["by_category"] for row in serialize_predictions(answers, {"next_purchase"})] == [
        None,
        None,
    ]
