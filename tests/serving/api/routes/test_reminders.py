"""Reminder route: counts by day and category are those of the audiences that each row names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from serving.app import create_app
from serving.audience_policy import AudiencePolicy
from serving.auth.api_keys import ApiKeys
from serving.auth.key_reload import KeyReloader
from serving.auth.key_store import KeyStore
from serving.auth.scopes import KeyScope
from serving.schemas.reminders import RemindersResponse
from tests.serving.api.audience_requests import denial, post_audience
from tests.serving.fakes import Shop
from tests.serving.reminders.due import MONDAY, NEXT_MONDAY, TUESDAY, Due, due_shop
from training.experiments.record.global_holdout import GlobalHoldout, record_global_holdout

WEEK = {"from": "2026-11-23", "to": "2026-11-30"}
DUE: list[Due] = [
    *[(MONDAY, "tea")] * 6,  # c003 denies email, c004 all marketing
    *[(MONDAY, "wine")] * 2,
    *[(MONDAY, None)] * 3,
    *[(TUESDAY, "tea")] * 4,
    *[(NEXT_MONDAY, "tea")] * 5,
]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return due_shop(tmp_path, DUE, AudiencePolicy(smallest_audience=1))


@pytest.fixture
def client(shop: Shop) -> Iterator[TestClient]:
    with shop.client() as client:
        yield client


def get_reminders(client: TestClient, **query: str) -> dict[str, Any]:
    response = client.get("/v1/reminders", params=WEEK | query)
    assert response.status_code == 200, response.text
    RemindersResponse.model_validate_json(response.content)
    answer: dict[str, Any] = response.json()
    return answer


def counts(answer: dict[str, Any]) -> list[tuple[str | None, str | None, int]]:
    return [(row["day"], row["category"], row["customers"]) for row in answer["reminders"]]


def test_a_week_has_its_days_and_not_the_day_after(client: TestClient) -> None:
    answer = get_reminders(client)
    assert counts(answer) == [("2026-11-23", None, 10), ("2026-11-24", None, 4)]
    assert (answer["column"], answer["spend_column"], answer["horizon_days"]) == ("remind_on", "ltv_90d_mean", 90)
    assert answer["reminders"][0]["expected_spend"] == sum(range(11)) - 4
    assert (answer["as_of"], answer["release"], answer["currency"]) == ("2026-11-21T00:00:00Z", "7", "EUR")


def test_a_day_has_its_categories_the_most_wanted_first(client: TestClient) -> None:
    answer = get_reminders(client, by="day,category")
    assert answer["column"] == "next_category_remind_on"
    assert counts(answer) == [("2026-11-23", "tea", 5), ("2026-11-23", "wine", 2), ("2026-11-24", "tea", 4)]
    assert counts(get_reminders(client, by="category")) == [(None, "tea", 9), (None, "wine", 2)]


def test_a_category_a_tier_and_a_channel_narrow_the_count(client: TestClient) -> None:
    assert counts(get_reminders(client, category="wine")) == [("2026-11-23", None, 2)]
    assert counts(get_reminders(client, category="wine", column="remind_on", tier="gold")) == [("2026-11-23", None, 1)]
    assert counts(get_reminders(client, channel=" Email "))[0] == ("2026-11-23", None, 9)
    assert counts(get_reminders(client, purpose="profiling"))[0] == ("2026-11-23", None, 11)


def test_a_withdrawn_consent_is_not_counted(shop: Shop, client: TestClient) -> None:
    shop.worker.consent_gate.ledger.record({"c000": [denial()]})
    assert counts(get_reminders(client))[0] == ("2026-11-23", None, 9)


def test_the_global_holdout_is_not_counted(shop: Shop, client: TestClient) -> None:
    record_global_holdout(shop.worker.home, GlobalHoldout(0.5, "quiet", date(2099, 1, 1)), 0)
    by_day = get_reminders(client)["reminders"]
    assert sum(row["customers"] for row in by_day) < 14
    assert [row["customers"] for row in by_day] == [audience_of(client, row)["count"] for row in by_day]


def audience_of(client: TestClient, row: dict[str, Any]) -> dict[str, Any]:
    return post_audience(client, filter=row["filter"], keep=False)


@pytest.mark.parametrize("by", ["day", "category", "day,category"])
@given(due=st.lists(st.tuples(st.sampled_from([MONDAY, TUESDAY, None]), st.sampled_from(["tea", "wine", None]))))
@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_row_counts_the_members_of_its_audience(
    tmp_path_factory: pytest.TempPathFactory, by: str, due: list[Due]
) -> None:
    shop = due_shop(tmp_path_factory.mktemp("due"), due[:39], AudiencePolicy(smallest_audience=1))
    with shop.client() as client:
        for row in get_reminders(client, by=by, tier="gold")["reminders"]:
            audience = audience_of(client, row)
            assert audience["count"] == row["customers"]
            assert audience["expected_revenue"]["mean"] == row["expected_spend"]


def test_fewer_customers_than_the_smallest_audience_are_left_out(tmp_path: Path) -> None:
    shop, store = due_shop(tmp_path, [*[(MONDAY, "tea")] * 12, *[(TUESDAY, "wine")] * 9]), KeyStore.for_home(tmp_path)
    monday = datetime(2026, 11, 16, tzinfo=UTC)
    keys = {scope: store.create(scope.value, [scope], monday)[0] for scope in (KeyScope.AUDIENCE, KeyScope.ADMIN)}
    worker, answers = replace(shop.worker, api_keys=ApiKeys((), KeyReloader(store, shop.worker.log))), {}
    for scope, key in keys.items():
        with TestClient(create_app(lambda: worker), headers={"X-API-Key": key}) as client:
            answers[scope] = get_reminders(client, by="day,category")
    restricted, all_rows = answers[KeyScope.AUDIENCE], answers[KeyScope.ADMIN]
    assert (restricted["smallest_count"], counts(restricted)) == (10, [("2026-11-23", "tea", 11)])
    assert (all_rows["smallest_count"], counts(all_rows)) == (1, [*counts(restricted), ("2026-11-24", "wine", 9)])


def test_without_scores_the_answer_is_to_come_again(shop: Shop, client: TestClient) -> None:
    (shop.worker.home / "scores.parquet").unlink()
    response = client.get("/v1/reminders", params=WEEK)
    assert (response.status_code, response.headers["retry-after"]) == (503, "1")


@pytest.mark.parametrize(
    ("query", "field", "reason"),
    [
        ({"to": "2026-11-23"}, "to", "expected from before to: to is the first day that no longer counts"),
        ({"to": "2028-11-23"}, "to", "Found a period of 731 days; expected at most 366"),
        ({"by": "month"}, "by", "month"),
        ({"purpose": "spam"}, "purpose", "Found spam; expected"),
        ({"week": "49"}, "week", ""),
    ],
)
def test_a_query_that_does_not_fit_names_its_field(
    client: TestClient, query: dict[str, str], field: str, reason: str
) -> None:
    response = client.get("/v1/reminders", params=WEEK | query)
    (problem,) = response.json()["errors"]
    assert (response.status_code, problem["field"]) == (422, field)
    assert reason in problem["reason"]
