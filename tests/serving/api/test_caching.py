"""HTTP caching: a campaign tool revalidates its copy of an answer, and gets 304 while the answer is the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from tests.serving.fakes import FakeFeatureReader, FakeRelease, KnownCustomer, Shop

ANN = "/v1/customers/ann/predictions"


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with Shop.of(FakeRelease()).client() as client:
        yield client


def test_an_answer_may_be_kept_for_five_minutes_by_its_caller_alone(client: TestClient) -> None:
    assert client.get(ANN).headers["cache-control"] == "private, max-age=0, must-revalidate"


def test_all_day_the_answer_is_the_same() -> None:
    tags = set()
    for now in ("2026-11-21", "2026-11-21T10:30:00", "2026-11-21T23:59:59", "2026-11-22"):
        with Shop.of(FakeRelease(), now=now).client() as client:
            tags.add((now[:10], client.get(ANN).headers["etag"]))
    assert len(tags) == 2


@pytest.mark.parametrize("if_none_match", ["{tag}", "W/{tag}", '"other", {tag}', "*"])
def test_who_has_it_already_is_told_so_without_a_body(client: TestClient, if_none_match: str) -> None:
    tag = client.get(ANN).headers["etag"]
    response = client.get(ANN, headers={"If-None-Match": if_none_match.format(tag=tag)})
    assert response.status_code == 304
    assert response.content == b""
    assert response.headers["etag"] == tag
    assert response.headers["cache-control"] == "private, max-age=0, must-revalidate"


@pytest.mark.parametrize("if_none_match", ['"other"', "", "nonsense"])
def test_who_has_another_one_gets_this_one(client: TestClient, if_none_match: str) -> None:
    assert client.get(ANN, headers={"If-None-Match": if_none_match}).status_code == 200


def test_another_part_features_or_release_is_another_answer(client: TestClient) -> None:
    tag = client.get(ANN).headers["etag"]
    assert client.get(f"{ANN}?include=churn").headers["etag"] != tag
    for shop in (
        Shop.of(FakeRelease(version="8")),
        Shop.of(FakeRelease(), FakeFeatureReader(ann=KnownCustomer(spend=1.0))),
    ):
        with shop.client() as other:
            assert other.get(ANN).headers["etag"] != tag


def test_a_post_is_not_kept(client: TestClient) -> None:
    assert "cache-control" not in client.post("/v1/predictions", json={"customer_ids": ["ann"]}).headers
