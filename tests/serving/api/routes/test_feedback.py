"""Feedback over HTTP: topics by week, without the cells of too few customers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from serving.app import create_app
from serving.audience_policy import AudiencePolicy
from serving.auth.api_keys import ApiKeys
from serving.auth.key_reload import KeyReloader
from serving.auth.key_store import KeyStore
from serving.auth.scopes import KeyScope
from serving.schemas.feedback import TopicsResponse
from tests.serving.api.audience_requests import scored_shop
from tests.serving.fakes import FakeRelease, Shop
from tests.serving.feedback_weeks import SHARE, UNCORRECTED, write_weeks


def topics(home: Path, scope: KeyScope, smallest: int = 14) -> dict[str, Any]:
    store, shop = KeyStore.for_home(home), scored_shop(home, AudiencePolicy(smallest_audience=smallest))
    key, _ = store.create("key", [scope], datetime(2026, 11, 2, tzinfo=UTC))
    worker = replace(shop.worker, api_keys=ApiKeys((), KeyReloader(store, shop.worker.log)))
    with TestClient(create_app(lambda: worker), headers={"X-API-Key": key}) as caller:
        response = caller.get("/v1/feedback/topics")
    assert response.status_code == 200, response.text
    assert response.headers["Cache-Control"] == "no-store"
    TopicsResponse.model_validate_json(response.content)
    body: dict[str, Any] = response.json()
    return body


def test_the_counts_of_the_last_run_are_told_with_what_they_rest_on(tmp_path: Path) -> None:
    write_weeks(tmp_path)
    body = topics(tmp_path, KeyScope.VIEW)
    assert body["as_of"] == "2026-11-21"
    assert body["cells"][1] == {
        "week": "2026-11-09", "topic": "service", "sentiment": "negative", "texts": 40, "customers": 30
    }  # fmt: skip
    assert body["negative_shares"] == [
        {"topic": "all", **SHARE},
        {"topic": "service", **UNCORRECTED},
        {"topic": "product", **dict.fromkeys(SHARE)},
    ]
    assert [each["sentiment"] for each in body["evidence"]] == ["public_reviews", "shop_labels"]


@pytest.mark.parametrize(("scope", "texts"), [(KeyScope.VIEW, None), (KeyScope.ADMIN, 12)])
def test_a_cell_of_too_few_customers_is_told_to_an_admin_alone(
    tmp_path: Path, scope: KeyScope, texts: int | None
) -> None:
    write_weeks(tmp_path)
    body = topics(tmp_path, scope)
    small = [cell for cell in body["cells"] if (cell["week"], cell["topic"]) == ("2026-11-16", "product")]
    assert [cell["texts"] for cell in small] == [texts, 25]


def test_a_shop_without_texts_is_told_how_to_get_them() -> None:
    with Shop.of(FakeRelease()).client() as client:
        response = client.get("/v1/feedback/topics")
    assert response.status_code == 404
    assert response.json()["detail"] == (
        "Found no counts of feedback; expected those of the last `flywheel run`. Name the table of texts in [feedback] "
        "of flywheel.toml, then run it."
    )
