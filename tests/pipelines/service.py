"""Service fixture: the HTTP service of a home, in this process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from starlette.testclient import TestClient

from pipelines.home import Home
from serving.api.app_state import AppState
from serving.app import create_app
from serving.settings import Settings
from tests.waiting import wait_until

BATCH_SIZE = 1000


@contextmanager
def service_of(home: Home, as_of: date, online: str = "lmdb") -> Iterator[TestClient]:
    """Serve a home as of a day; the client is ready to be asked."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("FLYWHEEL_HOME", str(home.folder))
        environment.setenv("FLYWHEEL_AS_OF", as_of.isoformat())
        environment.setenv("FLYWHEEL_ONLINE_STORE", online)
        with TestClient(
            create_app(lambda: AppState.open(Settings(deadline_seconds=60))), base_url="http://localhost"
        ) as client:
            wait_until(lambda: client.get("/readyz").status_code == 200)
            yield client


def request_predictions(client: TestClient, customers: list[str], **question: str) -> list[dict[str, Any]]:
    """The predictions of these customers, in order."""
    predictions: list[dict[str, Any]] = []
    for start in range(0, len(customers), BATCH_SIZE):
        body = {"customer_ids": customers[start : start + BATCH_SIZE], **question}
        predictions += client.post("/v1/predictions", json=body).raise_for_status().json()["predictions"]
    return predictions
