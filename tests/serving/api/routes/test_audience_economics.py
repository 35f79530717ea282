"""Economics of audiences over HTTP: asked for beside the count, and an experiment's effect only with its scope."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from serving.app import create_app
from serving.auth.api_keys import ApiKeys
from serving.auth.key_reload import KeyReloader
from serving.auth.key_store import KeyStore
from serving.auth.scopes import KeyScope
from tests.serving.api.audience_requests import post_audience, scored_shop
from tests.serving.audiences.economics.campaigns import add_expected_orders, clear_effect, experiments_with


def test_an_audience_has_economics_only_where_they_are_asked_for(client: TestClient) -> None:
    assert post_audience(client)["economics"] is None
    economics = post_audience(client, economics={"margin": 0.5, "contact_cost": 1.0}, horizon_days=90)["economics"]
    assert (economics["contacted"], economics["cost"], economics["profit_basis"]) == (39, 39.0, "none")
    assert economics["value_at_stake"]["value"] == pytest.approx(0.5 * (sum(range(40)) - 4))


def test_a_number_out_of_range_is_unprocessable(client: TestClient) -> None:
    response = client.post("/v1/audiences", json={"economics": {"margin": 30}})
    assert response.status_code == 422
    assert response.json()["errors"] == [{"field": "economics.margin", "reason": "Found 30; expected 1 or less."}]


def test_the_effect_of_an_experiment_takes_the_scope_experiment(tmp_path: Path) -> None:
    shop, store = scored_shop(tmp_path), KeyStore.for_home(tmp_path)
    add_expected_orders(tmp_path)
    experiments_with(tmp_path, clear_effect())
    scopes = {"mail": [KeyScope.AUDIENCE], "lead": [KeyScope.AUDIENCE, KeyScope.EXPERIMENT]}
    keys = {name: store.create(name, scopes[name], datetime(2026, 11, 16, tzinfo=UTC))[0] for name in scopes}
    app = create_app(lambda: replace(shop.worker, api_keys=ApiKeys((), KeyReloader(store, shop.worker.log))))
    prices = {"margin": 0.5, "contact_cost": 1.0, "experiment": "win-back"}
    with TestClient(app) as client:
        answers = {}
        for name, key in keys.items():
            client.headers["X-API-Key"] = key
            answers[name] = post_audience(client, economics=prices, horizon_days=90)["economics"]
    assert (answers["mail"]["profit_basis"], answers["mail"]["reason"]) == ("none", "no_access")
    assert (answers["lead"]["profit_basis"], answers["lead"]["reason"]) == ("randomised", None)
    assert answers["lead"]["profit"]["low"] < answers["lead"]["profit"]["value"] < answers["lead"]["profit"]["high"]
