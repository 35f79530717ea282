"""Prediction requests: helpers that call the prediction routes and check the form of the responses."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from starlette.testclient import TestClient

from serving.schemas.predictions import PredictionsResponse


def post_predictions(client: TestClient, *customer_ids: str, **fields: object) -> list[dict[str, Any]]:
    """The predictions that a POST returns for these customers."""
    response = client.post("/v1/predictions", json={"customer_ids": customer_ids, **fields})
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/json"
    PredictionsResponse.model_validate_json(response.content)
    rows: list[dict[str, Any]] = response.json()["predictions"]
    return rows


def get_prediction(client: TestClient, customer_id: str, **query: str) -> dict[str, Any]:
    """The prediction that a GET returns for one customer."""
    response = client.get(f"/v1/customers/{quote(customer_id, safe='')}/predictions", params=query)
    assert response.status_code == 200, response.text
    PredictionsResponse.model_validate_json(response.content)
    (row,) = response.json()["predictions"]
    assert isinstance(row, dict)
    return row
