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
from serving.api.app import create_app
from serving.api.app_state import AppState
from tests.pipelines import shops
from tests.pipelines.command import Flywheel, wait_until
from tests.pipelines.conftest import AS_OF
from tests.pipelines.shops import Log

pytestmark = pytest.mark.slow

TODAY = shops.day(AS_OF)
NOW = Cutoff.from_day(TODAY, shops.ZONE)
BATCH_SIZE = 1000
SILENT_DAYS = range(1, 8)


@pytest.fixture(scope="module")
def client(trained: Flywheel) -> Iterator[TestClient]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("FLYWHEEL_HOME", str(trained.home.folder))
        environment.setenv("FLYWHEEL_AS_OF", TODAY.isoformat())
        with TestClient(create_app(AppState.open)) as opened:
            wait_until(lambda: opened.get("/readyz").status_code == 200)
            yield opened


def request_predictions(client: TestClient, customers: list[str], **question: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for start in range(0, len(customers), BATCH_SIZE):
        body = {"customer_ids": customers[start : start + BATCH_SIZE], **question}
        found += client.post("/v1/predictions", json=body).raise_for_status().json()["predictions"]
    return found


def from_scores_row(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the scores table as the service would say it, to the last digit."""
    horizons = ("30", "365")
    return {
        "customer_id": row["customer_id"],
        "status": row["status"],
        "model_tier": row["model_tier"],
        "as_of": row["as_of"].isoformat().replace("+00:00", "Z"),
        "release": row["release"],
        "churn": (row["churn_horizon_days"], row["churn_probability"], row["churn_percentile"]),
        "dates": [row[name] and row[name].isoformat() for name in DATES],
        "within": {str(days): row[f"purchase_probability_{days}d"] for days in (7, 14, 30, 60, 90)},
        "historic": row["historic_spend"],
        "orders": [row[f"expected_orders_{days}d"] for days in horizons],
        "spend": [[row[f"ltv_{days}d_{name}"] for name in ("mean", "median", "p10", "p90")] for days in horizons],
        "next_category": (row["next_category"], (on := row["next_category_remind_on"]) and on.isoformat()),
    }


DATES = ("next_purchase_p10", "next_purchase_p50", "next_purchase_p90", "remind_on")


def from_response(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer of the service, in the same form."""
    churn, following, value = answer["churn"], answer["next_purchase"], answer["ltv"]
    assert list(value["predicted"]) == ["30", "365"]
    predicted = value["predicted"].values()
    return {
        **{name: answer[name] for name in ("customer_id", "status", "model_tier", "as_of", "release")},
        "churn": (churn["horizon_days"], churn["probability"], churn["percentile"]),
        "dates": [following[name] for name in ("p10", "p50", "p90", "remind_on")],
        "within": following["probability_within"],
        "historic": value["historic"],
        "orders": [one["expected_orders"] for one in predicted],
        "spend": [[one[name] for name in ("mean", "median", "p10", "p90")] for one in predicted],
        "next_category": next(
            ((one["category"], one["remind_on"]) for one in following["by_category"] if one["remind_on"]), (None, None)
        ),
    }


def test_the_service_says_what_the_scores_table_says_of_every_customer(trained: Flywheel, client: TestClient) -> None:
    rows = trained.scores.to_pylist()
    answers = request_predictions(client, [row["customer_id"] for row in rows])
    assert len(answers) > 800
    for row, answer in zip(rows, answers, strict=True):
        assert from_response(answer) == from_scores_row(row)


def test_one_by_one_it_says_the_same(trained: Flywheel, client: TestClient) -> None:
    for row in trained.scores.to_pylist()[::50]:
        said = client.get(f"/v1/customers/{row['customer_id']}/predictions").raise_for_status().json()
        assert from_response(said["predictions"][0]) == from_scores_row(row)


def test_the_service_names_the_release_that_was_scored(trained: Flywheel, client: TestClient) -> None:
    assert client.get("/readyz").json() == {"status": "ready", "release": "1"}
    models = client.get("/v1/models").json()
    assert models["model_versions"] == trained.release["model_versions"]
    assert {one["name"]: one["tier"] for one in models["models"]} == trained.release["tiered_model"]["tier_by_model"]


def test_a_stranger_and_one_known_only_later_are_unknown(client: TestClient, log: Log) -> None:
    known = set(log.known_before(AS_OF).orders["customer"])
    later = next(one for one in log.orders["customer"] if one not in known)
    answers = request_predictions(client, ["nobody", later, "11", "00011"])
    assert [one["status"] for one in answers] == ["unknown_customer", "unknown_customer", "unknown_customer", "scored"]
    assert "churn" not in answers[0]


def is_coherent(line: dict[str, Any], following: dict[str, Any], today: str) -> bool:
    """Whether a category comes no sooner than any order, and never in the past."""
    within, any_within = line["probability_within"], following["probability_within"]
    dates = [line[name] or "9999" for name in ("p10", "p50", "p90")]
    return (
        [*within.values()] == sorted(within.values())
        and all(within[name] <= any_within[name] for name in any_within)
        and today <= dates[0] <= dates[1] <= dates[2]
        and all((line[name] or "9999") >= (following[name] or "9999") for name in ("p10", "p50", "p90"))
        and (line["remind_on"] or "9999") >= max(today, following["remind_on"] or "9999")
    )


def test_what_was_ordered_of_each_category_is_what_the_log_says(
    trained: Flywheel, client: TestClient, log: Log
) -> None:
    lines = log.known_before(AS_OF).orders
    lines = lines[lines["customer"] != ""]
    whole = lines.groupby(["customer", "basket"]).agg(paid=("amount", "sum"), at=("at", "min"))
    parts = (
        lines.groupby(["customer", "basket", "category"])["amount"]
        .sum()
        .reset_index()
        .merge(whole.reset_index(), on=["customer", "basket"])
    )
    parts = parts[(parts["amount"].round(2) > 0) & (parts["paid"].round(2) > 0)]
    days = parts.assign(day=parts["at"].dt.date).groupby(["customer", "category"])["day"].agg(["max", "nunique"])
    answers = request_predictions(client, trained.scores["customer_id"].to_pylist())
    said = {
        (one["customer_id"], line["category"]): line for one in answers for line in one["next_purchase"]["by_category"]
    }
    assert set(said) == set(days.index)
    assert all(line["last_order_at"] == days.loc[key, "max"].isoformat() for key, line in said.items())
    assert all((line["rung"] == "category") == (days.loc[key, "nunique"] >= 3) for key, line in said.items())


@pytest.mark.parametrize("days", SILENT_DAYS)
def test_on_every_silent_day_the_answers_stay_coherent_and_no_date_is_past(
    trained: Flywheel, client: TestClient, days: int
) -> None:
    day = TODAY + timedelta(days=days)
    answers = request_predictions(client, trained.scores["customer_id"].to_pylist(), as_of=day.isoformat())
    assert {one["status"] for one in answers} == {"scored", "insufficient_history"}
    for answer in answers:
        following, spend = answer["next_purchase"], answer["ltv"]["predicted"]["30"]
        within = [*following["probability_within"].values()]
        assert within == sorted(within)
        assert answer["churn"]["probability"] == 1 - following["probability_within"]["60"]
        said = [following[name] or "9999" for name in ("p10", "p50", "p90")]
        assert day.isoformat() <= said[0] <= said[1] <= said[2]
        assert (following["remind_on"] or "9999") >= day.isoformat()
        for line in following["by_category"]:
            assert is_coherent(line, following, day.isoformat()), line
        assert spend["p10"] <= spend["median"] <= spend["p90"]
        assert spend["median"] == 0 or within[2] >= 0.5


def test_after_a_week_the_features_are_stale_and_before_their_time_they_answer_nothing(client: TestClient) -> None:
    (stale,) = request_predictions(client, ["00011"], as_of=(TODAY + timedelta(days=8)).isoformat())
    assert stale["status"] == "stale_features"
    assert 0 < stale["churn"]["probability"] < 1
    body = {"customer_ids": ["00011"], "as_of": (TODAY - timedelta(days=1)).isoformat()}
    assert client.post("/v1/predictions", json=body).status_code == 422


@pytest.mark.parametrize("days", SILENT_DAYS)
def test_what_a_silent_day_changes_is_the_same_asked_as_computed_anew(trained: Flywheel, days: int) -> None:
    """All but the long windows, which the contract lets age with the features for a week."""
    history = History.open(trained.home.history).before(NOW)
    view, then = transactions_view(history), Cutoff.from_day(TODAY + timedelta(days=days), shops.ZONE)
    customers = trained.scores["customer_id"].to_pylist()
    held = LmdbReader.open(trained.home.folder / "online", (view,)).read(customers)
    table = transactions(history, [then]).to_pyarrow().to_pandas().set_index("customer_id").loc[customers].reset_index()
    anew = feature_rows(
        pa.Table.from_pandas(table.assign(features_at=pd.Timestamp(then.timestamp)), preserve_index=False), (view,)
    )
    at, day = np.full(len(customers), micros(then.timestamp)), np.full(len(customers), then.day_number)
    differing = {
        name
        for name, one, other in zip(
            input_names(view.scalars, view.lists),
            model_inputs(held, at, day).T,
            model_inputs(anew, at, day).T,
            strict=True,
        )
        if not np.array_equal(one, other, equal_nan=True)
    }
    assert differing <= {
        *(f"{name}_{window}d" for name in ("orders", "spend") for window in (56, 91, 182, 365)), "orders_28d_over_91d"
    }  # fmt: skip
