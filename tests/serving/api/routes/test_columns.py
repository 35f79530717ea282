"""Columns over HTTP: sentences, ranges and values of those who may be approached, and histograms of an audience."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from serving.audience_policy import AudiencePolicy
from serving.audiences.distribution_schema import ColumnsResponse
from tests.serving.api.audience_requests import post_audience, scored_shop

CHURN = {"column": "churn_probability", "at_least": 0.5}
GOLD = {"column": "value_tier", "equals": "gold"}


@pytest.fixture
def admin(tmp_path: Path) -> Iterator[TestClient]:
    """Without any key, the caller is an admin."""
    with scored_shop(tmp_path).client() as client:
        yield client


def columns_of(client: TestClient, **query: str) -> dict[str, Any]:
    response = client.get("/v1/columns", params=query)
    assert response.status_code == 200, response.text
    ColumnsResponse.model_validate_json(response.content)
    return {column["name"]: column for column in response.json()["columns"]}


def test_a_column_has_a_sentence_and_values_with_their_customers(admin: TestClient) -> None:
    columns = columns_of(admin)
    assert columns["value_tier"]["meaning"]["en"] == "Tier of the value predicted within the tiers' horizon."
    assert columns["value_tier"]["meaning"]["zh"].startswith("按预期价值")
    assert columns["value_tier"]["values"] == [{"value": "silver", "count": 20}, {"value": "gold", "count": 19}]
    assert (columns["segments"]["type"], columns["segments"]["values"]) == (
        "list of text",
        [{"value": "weekend", "count": 25}],
    )
    assert (columns["ltv_90d_mean"]["minimum"], columns["ltv_90d_mean"]["maximum"]) == (0, 39)
    assert columns["as_of"]["targeting"] is False
    assert columns["customer_id"]["values"] is None


def test_values_are_of_those_who_agree_to_the_channel(admin: TestClient) -> None:
    by_mail = columns_of(admin, channel="email", columns="value_tier")
    assert list(by_mail) == ["value_tier"]
    assert sum(value["count"] for value in by_mail["value_tier"]["values"]) == 38  # without c003 and c004


def test_a_column_that_is_not_there_is_refused(admin: TestClient) -> None:
    refusal = admin.get("/v1/columns", params={"columns": "value_teir"})
    assert refusal.status_code == 422
    assert refusal.json()["errors"] == [
        {
            "field": "column",
            "reason": "Found value_teir, which is not a column of the scores table. Did you mean value_tier?",
        }
    ]


def test_a_histogram_leaves_out_the_conditions_on_its_own_column(admin: TestClient) -> None:
    answer = post_audience(
        admin,
        filter={"all": [CHURN, GOLD]},
        histogram=[{"column": "churn_probability", "bins": 4}, {"column": "ltv_90d_mean", "bins": 4}],
        keep=False,
    )
    churn, value = answer["histograms"]
    assert sum(part["count"] for part in churn["bins"]) == 19  # all with tier gold
    assert sum(part["count"] for part in value["bins"]) == answer["count"]
    assert [churn["bins"][0]["at_least"], churn["bins"][-1]["below"]] == [0, 1]


def test_one_histogram_needs_no_list_and_a_text_column_has_none(admin: TestClient) -> None:
    answer = post_audience(admin, histogram={"column": "churn_probability"}, keep=False)
    assert sum(part["count"] for part in answer["histograms"][0]["bins"]) == 39
    refusal = admin.post("/v1/audiences", json={"histogram": {"column": "value_tier"}})
    assert refusal.json()["errors"] == [
        {
            "field": "histogram[0].column",
            "reason": "Found value_tier, a text column; expected one of numbers, dates or instants.",
        }
    ]
    unknown = admin.post("/v1/audiences", json={"histogram": [{"column": "churn_probability", "bin": 3}]})
    assert unknown.json()["errors"][0]["reason"] == (
        "Found an unknown field; expected column, bins. Did you mean bins? Else leave it out."
    )


def test_the_funnel_tells_which_condition_removes_whom(admin: TestClient) -> None:
    nobody = {"column": "churn_probability", "above": 2}
    answer = post_audience(admin, filter={"all": [GOLD, {"all": [CHURN, nobody]}]}, funnel=True, keep=False)
    assert answer["count"] == 0
    assert [(step["condition"], step["count"]) for step in answer["funnel"]] == [
        (None, 39),
        (GOLD, 19),
        (CHURN, 10),
        (nobody, 0),
    ]


def test_counts_of_a_few_are_not_told_without_the_scope_admin(tmp_path: Path) -> None:
    shop = scored_shop(tmp_path, AudiencePolicy(smallest_audience=20))
    service = shop.worker.audience_service
    answer = service.columns.describe("marketing", None, {"value_tier", "churn_probability"}, 0, is_admin=False)
    by_name = {column.name: column for column in answer.columns}
    assert [value.value for value in by_name["value_tier"].values or ()] == ["silver"]
    assert by_name["churn_probability"].minimum is None  # 39 customers are fewer than twice twenty
