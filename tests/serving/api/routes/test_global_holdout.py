"""Global hold-out in audiences: its customers are no members, unless the request says so, until it ends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from serving.audience_policy import AudiencePolicy
from serving.audiences.disclosure import suppress
from serving.audiences.global_holdout import summarize_holdout
from serving.audiences.schema import AudienceResponse
from tests.serving.api.audience_requests import all_member_ids, post_audience, scored_shop
from training.experiments.record.global_holdout import GlobalHoldout, record_global_holdout

PERIOD = GlobalHoldout(0.3, "2027-H1", date(2100, 1, 1))


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    with scored_shop(tmp_path, AudiencePolicy(smallest_audience=3)).client() as client:
        yield client


def test_customers_in_the_global_hold_out_are_in_no_audience(client: TestClient, tmp_path: Path) -> None:
    everybody = all_member_ids(client, post_audience(client))
    record_global_holdout(tmp_path, PERIOD, 1)
    audience = post_audience(client)
    members = all_member_ids(client, audience)
    assert 3 <= len(everybody) - len(members) <= 22
    assert audience["global_holdout"] == {
        "name": "2027-H1",
        "share": 0.3,
        "until": "2100-01-01",
        "excluded": len(everybody) - len(members),
    }
    assert set(members) < set(everybody)
    assert all_member_ids(client, post_audience(client, order_by={"column": "churn_probability"})) == members


def test_an_audience_may_say_that_it_is_no_campaign(client: TestClient, tmp_path: Path) -> None:
    record_global_holdout(tmp_path, PERIOD, 1)
    audience = post_audience(client, global_holdout="include")
    assert (audience["count"], audience["global_holdout"]) == (39, None)


def test_the_limit_counts_members_who_may_be_approached(client: TestClient, tmp_path: Path) -> None:
    record_global_holdout(tmp_path, PERIOD, 1)
    assert post_audience(client, limit=5)["count"] == 5


def test_an_ended_hold_out_no_longer_holds(client: TestClient, tmp_path: Path) -> None:
    record_global_holdout(tmp_path, GlobalHoldout(0.3, "2026-H1", date(2026, 7, 1)), 1)
    audience = post_audience(client)
    assert (audience["count"], audience["global_holdout"]) == (39, None)


def test_a_hold_out_is_the_same_as_one_of_an_audience_with_its_name(client: TestClient, tmp_path: Path) -> None:
    named = post_audience(client, holdout={"share": 0.3, "name": "2027-H1"})
    remaining = all_member_ids(client, named)
    record_global_holdout(tmp_path, PERIOD, 1)
    assert all_member_ids(client, post_audience(client)) == remaining


@pytest.mark.parametrize(("excluded", "answer"), [(2, None), (3, 3)])
def test_few_held_out_customers_are_not_counted(excluded: int, answer: int | None) -> None:
    summary = summarize_holdout(PERIOD, excluded, 3)
    assert summary is not None
    assert summary.excluded == answer


def test_a_small_audience_does_not_tell_how_many_are_held_out(client: TestClient) -> None:
    answer = AudienceResponse.model_validate(post_audience(client))
    summary = summarize_holdout(PERIOD, 12, 3)
    suppressed = suppress(answer.model_copy(update={"global_holdout": summary}), 10)
    assert suppressed.global_holdout == summarize_holdout(PERIOD, 0, 3)
