"""On which of the shop's days a customer is reminded, and of which category first."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson
import pytest

from serving.predictions.scorer import score
from serving.predictions.serializers import serialize_predictions
from serving.schemas.predictions import PredictionsResponse
from tests.serving.assortment import NUMBER, CategoryOrder, score_customers
from tests.serving.fakes import DAY, NO_ORDERS, TODAY, FakeRelease, KnownCustomer, feature_rows, timestamp_us
from training.inference.answers.next_purchase import CategoryColumns

CREAM: CategoryOrder = ("cream", 1)  # expected in 62 days, at half of 90 days' hazard
TEA: CategoryOrder = ("tea", 5)
WINE: CategoryOrder = ("wine", 700)


def category_predictions(*orders: tuple[CategoryOrder, ...], rate: float = 5.0, as_of: int = TODAY) -> CategoryColumns:
    found = score_customers(*orders, rate=rate, as_of=as_of).by_model["next_purchase"].by_category
    assert isinstance(found, CategoryColumns)
    return found


def serialized_predictions(*orders: tuple[CategoryOrder, ...]) -> list[dict[str, Any]]:
    """As a caller reads it."""
    body = orjson.dumps({"predictions": serialize_predictions(score_customers(*orders), {"next_purchase"})})
    PredictionsResponse.model_validate_json(body)
    return [one["next_purchase"] for one in orjson.loads(body)["predictions"]]


def test_the_soonest_reminder_comes_first_and_none_comes_last() -> None:
    found = category_predictions((WINE, CREAM, TEA), ())
    assert found.category == ("tea", "cream", "wine")
    assert found.offsets.tolist() == [0, 3, 3]
    assert np.isnat(found.p50).tolist() == np.isnat(found.remind_on).tolist() == [False, False, True]
    assert str(found.p50[1]) == str(np.datetime64("2026-11-21") + int(90 * np.log(2)))
    assert found.remind_on[1] == found.p50[1] - np.timedelta64(15, "D")


def test_each_customer_keeps_their_own_categories() -> None:
    found = category_predictions((WINE, CREAM), (), (TEA,))
    assert found.offsets.tolist() == [0, 2, 2, 3]
    assert found.category == ("cream", "wine", "tea")


def test_a_reminder_whose_day_has_passed_is_for_today() -> None:
    assert str(category_predictions((TEA,)).remind_on[0]) == "2026-11-21"
    assert str(category_predictions((TEA,), as_of=TODAY + 3 * DAY).remind_on[0]) == "2026-11-24"


def test_no_date_is_past_at_any_time_of_the_day() -> None:
    for hour in ("00:00", "12:00", "23:59"):
        for days in (1, 30, 400):
            found = category_predictions(
                (("tea", days), ("cream", days)), as_of=timestamp_us(f"2026-11-22T{hour}"), rate=1e4
            )
            assert (found.p10 >= np.datetime64("2026-11-22")).all()
            assert (found.p10 <= found.p50).all()


def test_the_last_order_is_a_day_of_the_shop_and_the_silence_is_told_in_expected_gaps() -> None:
    found = category_predictions((TEA,), as_of=TODAY + DAY // 2)
    assert str(found.last_order_at[0]) == "2026-11-16"
    assert str(np.datetime64(NUMBER, "D")) == "2026-11-21"
    assert found.overdue_ratio[0] == pytest.approx(5.5 / 20)


def test_a_category_is_told_as_documented() -> None:
    one, nobody = serialized_predictions((CREAM, TEA), ())
    assert nobody["by_category"] == []
    (_, cream) = one["by_category"]
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
        "remind_on": "2027-01-07",
        "overdue_ratio": pytest.approx(1 / 90),
    }


def test_of_a_shop_without_categories_nothing_is_said_of_them() -> None:
    answers = score(FakeRelease(), feature_rows({"ann": KnownCustomer(), "bob": NO_ORDERS}), TODAY)
    assert answers.by_model["next_purchase"].by_category is None
    assert [one["next_purchase"]["by_category"] for one in serialize_predictions(answers, {"next_purchase"})] == [
        None,
        None,
    ]
