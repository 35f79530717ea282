from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from starlette.testclient import TestClient

from features.calendar import micros
from features.history import Cutoff, History
from features.online.arrow_rows import feature_rows
from features.online.lmdb import LmdbReader
from features.transformations.on_demand import input_names, model_inputs
from features.transformations.transactions import transactions, transactions_view
from tests.pipelines import shops
from tests.pipelines.command import Flywheel
from tests.pipelines.conftest import AS_OF
from tests.pipelines.service import request_predictions, service_of
from tests.pipelines.shops import Log

pytestmark = pytest.mark.slow

TODAY = shops.day(AS_OF)
NOW = Cutoff.from_day(TODAY, shops.ZONE)
SILENT_DAYS = range(1, 8)
QUESTIONS = ("churn", "next_purchase", "ltv")


@pytest.fixture(scope="module")
def client(trained_shop: Flywheel) -> Iterator[TestClient]:
    with service_of(trained_shop.home, TODAY) as test_client:
        yield test_client


def from_scores_row(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the scores table in the form of the service's answer."""
    horizons = ("30", "365")
    return {
        "customer_id": row["customer_id"],
        "status": row["status"],
        "model_tier": row["model_tier"],
        **{name: row[name].isoformat().replace("+00:00", "Z") for name in ("as_of", "log_until")},
        "release": row["release"],
        "prediction_id": row["prediction_id"],
        "answered": [(row[f"{name}_status"], row[f"{name}_tier"]) for name in QUESTIONS],
        "churn": [row[f"churn_{name}"] for name in ("horizon_days", "probability", "percentile", "band")],
        "dates": [row[name] and row[name].isoformat() for name in DATES],
        "within": {str(days): row[f"purchase_probability_{days}d"] for days in (7, 14, 30, 60, 90)},
        "historic": row["historic_spend"],
        "orders": [row[f"expected_orders_{days}d"] for days in horizons],
        "spend": [[row[f"ltv_{days}d_{name}"] for name in ("mean", "median", "p10", "p90")] for days in horizons],
        "next_category": (row["next_category"], (on := row["next_category_remind_on"]) and on.isoformat()),
    }


DATES = (
    *("next_purchase_p10", "next_purchase_p50", "next_purchase_p90"),
    *("next_purchase_p50_if_within_60d", "remind_on"),
)


def from_response(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer of the service in the same form."""
    churn, next_purchase, value = answer["churn"], answer["next_purchase"], answer["ltv"]
    assert list(value["predicted"]) == ["30", "365"]
    predicted = value["predicted"].values()
    return {
        **{
            name: answer[name]
            for name in ("customer_id", "status", "model_tier", "as_of", "log_until", "release", "prediction_id")
        },
        "answered": [(answer[name]["status"], answer[name]["tier"]) for name in QUESTIONS],
        "churn": [churn[name] for name in ("horizon_days", "probability", "percentile", "band")],
        "dates": [
            *(next_purchase[name] for name in ("p10", "p50", "p90")),
            *next_purchase["p50_if_within"].values(),
            next_purchase["remind_on"],
        ],
        "within": next_purchase["probability_within"],
        "historic": value["historic"],
        "orders": [value["expected_orders"] for value in predicted],
        "spend": [[value[name] for name in ("mean", "median", "p10", "p90")] for value in predicted],
        "next_category": next(
            ((line["category"], line["remind_on"]) for line in next_purchase["by_category"] if line["remind_on"]),
            (None, None),
        ),
    }


def test_the_service_equals_the_scores_table_for_every_customer(trained_shop: Flywheel, client: TestClient) -> None:
    rows = trained_shop.scores.to_pylist()
    answers = request_predictions(client, [row["customer_id"] for row in rows])
    assert len(answers) > 300
    for row, answer in zip(rows, answers, strict=True):
        assert from_response(answer) == from_scores_row(row)


def test_single_requests_give_the_same_answers(trained_shop: Flywheel, client: TestClient) -> None:
    for row in trained_shop.scores.to_pylist()[::50]:
        response = client.get(f"/v1/customers/{row['customer_id']}/predictions").raise_for_status().json()
        assert from_response(response["predictions"][0]) == from_scores_row(row)


def test_the_service_names_the_release_that_was_scored(trained_shop: Flywheel, client: TestClient) -> None:
    probe = client.get("/readyz").json()
    assert (probe["status"], probe["release"], probe["silence_days"]) == ("ready", "1", 0)
    assert probe["log_until"] == trained_shop.scores["log_until"][0].as_py().isoformat().replace("+00:00", "Z")
    models = client.get("/v1/models").json()
    assert models["model_versions"] == trained_shop.release["model_versions"]
    assert {model["name"]: model["tier"] for model in models["models"]} == trained_shop.release["tiered_model"][
        "tier_by_model"
    ]


@pytest.fixture(scope="module")
def buyer(trained_shop: Flywheel) -> str:
    """The id of a customer with an order, which has leading zeros and more than zeros."""
    rows = trained_shop.scores.select(["customer_id", "orders"]).to_pylist()
    names: list[str] = [row["customer_id"] for row in rows if row["orders"]]
    return next(name for name in names if name.startswith("001"))


def test_a_stranger_and_one_known_only_later_are_unknown(client: TestClient, log: Log, buyer: str) -> None:
    known, events = log.known_before(AS_OF), log.known_before(AS_OF).events
    assert events is not None
    known_customers = {*known.orders["customer"], *events["customer"]}
    later_customer = next(name for name in log.orders["customer"] if name not in known_customers)
    answers = request_predictions(client, ["nobody", later_customer, buyer.lstrip("0"), buyer])
    assert [answer["status"] for answer in answers] == [
        "unknown_customer",
        "unknown_customer",
        "unknown_customer",
        "scored",
    ]
    assert "churn" not in answers[0]


def is_coherent(line: dict[str, Any], any_category: dict[str, Any], today: str) -> bool:
    """Return whether a category comes no sooner than any order, and never in the past."""
    within, any_within = line["probability_within"], any_category["probability_within"]
    dates = [line[name] or "9999" for name in ("p10", "p50", "p90")]
    return (
        [*within.values()] == sorted(within.values())
        and all(within[name] <= any_within[name] for name in any_within)
        and today <= dates[0] <= dates[1] <= dates[2]
        and all((line[name] or "9999") >= (any_category[name] or "9999") for name in ("p10", "p50", "p90"))
        and (line["remind_on"] or "9999") >= max(today, any_category["remind_on"] or "9999")
    )


def test_last_orders_per_category_equal_the_log(trained_shop: Flywheel, client: TestClient, log: Log) -> None:
    lines = log.known_before(AS_OF).orders
    lines = lines[lines["customer"] != ""]
    baskets = lines.groupby(["customer", "basket"]).agg(paid=("amount", "sum"), at=("at", "min"))
    parts = (
        lines.groupby(["customer", "basket", "category"])["amount"]
        .sum()
        .reset_index()
        .merge(baskets.reset_index(), on=["customer", "basket"])
    )
    parts = parts[(parts["amount"].round(2) > 0) & (parts["paid"].round(2) > 0)]
    days = parts.assign(day=parts["at"].dt.date).groupby(["customer", "category"])["day"].agg(["max", "nunique"])
    answers = request_predictions(client, trained_shop.scores["customer_id"].to_pylist())
    by_category = {
        (answer["customer_id"], line["category"]): line
        for answer in answers
        for line in answer["next_purchase"]["by_category"]
    }
    assert set(by_category) == set(days.index)
    assert all(line["last_order_at"] == days.loc[key, "max"].isoformat() for key, line in by_category.items())
    assert all((line["evidence"] == "category") == (days.loc[key, "nunique"] >= 3) for key, line in by_category.items())


@pytest.mark.parametrize("days", SILENT_DAYS)
def test_on_every_silent_day_the_answers_stay_coherent_and_no_date_is_past(
    trained_shop: Flywheel, client: TestClient, days: int
) -> None:
    day = TODAY + timedelta(days=days)
    answers = request_predictions(client, trained_shop.scores["customer_id"].to_pylist(), as_of=day.isoformat())
    assert {answer["status"] for answer in answers} == {"scored", "insufficient_history"}
    for answer in answers:
        next_purchase, spend = answer["next_purchase"], answer["ltv"]["predicted"]["30"]
        within = [*next_purchase["probability_within"].values()]
        assert within == sorted(within)
        assert answer["churn"]["probability"] == 1 - next_purchase["probability_within"]["60"]
        dates = [next_purchase[name] or "9999" for name in ("p10", "p50", "p90")]
        assert day.isoformat() <= dates[0] <= dates[1] <= dates[2]
        assert (next_purchase["remind_on"] or "9999") >= day.isoformat()
        for line in next_purchase["by_category"]:
            assert is_coherent(line, next_purchase, day.isoformat()), line
        assert spend["p10"] <= spend["median"] <= spend["p90"]
        assert spend["median"] == 0 or within[2] >= 0.5


def test_after_a_week_the_features_are_stale_and_before_their_time_they_answer_nothing(
    client: TestClient, buyer: str
) -> None:
    (stale,) = request_predictions(client, [buyer], as_of=(TODAY + timedelta(days=8)).isoformat())
    assert stale["status"] == "stale_features"
    assert 0 < stale["churn"]["probability"] < 1
    body = {"customer_ids": [buyer], "as_of": (TODAY - timedelta(days=1)).isoformat()}
    assert client.post("/v1/predictions", json=body).status_code == 422


@pytest.mark.parametrize("days", SILENT_DAYS)
def test_features_read_on_a_silent_day_equal_those_computed_again(trained_shop: Flywheel, days: int) -> None:
    """All features agree except the long windows, which may age with the features for a week."""
    history = History.open(trained_shop.home.history).before(NOW)
    view, later = transactions_view(history), Cutoff.from_day(TODAY + timedelta(days=days), shops.ZONE)
    customers = trained_shop.scores["customer_id"].to_pylist()
    stored = LmdbReader.open(trained_shop.home.folder / "online", (view,)).read(customers)
    table = (
        transactions(history, [later]).to_pyarrow().to_pandas().set_index("customer_id").loc[customers].reset_index()
    )
    recomputed = feature_rows(
        pa.Table.from_pandas(table.assign(features_at=pd.Timestamp(later.timestamp)), preserve_index=False), (view,)
    )
    timestamp, day = np.full(len(customers), micros(later.timestamp)), np.full(len(customers), later.day_number)
    differing = {
        name
        for name, first, second in zip(
            input_names(view.scalars, view.lists),
            model_inputs(stored, timestamp, day).T,
            model_inputs(recomputed, timestamp, day).T,
            strict=True,
        )
        if not np.array_equal(first, second, equal_nan=True)
    }
    assert differing <= {
        *(f"{name}_{window}d" for name in ("orders", "spend") for window in (56, 91, 182, 365)), "orders_28d_over_91d"
    }  # fmt: skip
