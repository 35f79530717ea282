"""What a caller is told by a service whose catalogue of models has one page more, as one JSON document."""

from __future__ import annotations

import json
import sys

from starlette.testclient import TestClient

from serving.api.app_state import AppState
from serving.app import create_app
from serving.settings import Settings
from tests.waiting import wait_until

customers = sys.argv[1:]
with TestClient(
    create_app(lambda: AppState.open(Settings(deadline_seconds=60))), base_url="http://localhost"
) as client:
    wait_until(lambda: client.get("/readyz").status_code == 200)
    questions = {"all": {}, "upgrade": {"include": ["upgrade"]}, "reasons": {"include": ["upgrade", "reasons"]}}
    answers = {
        name: client.post("/v1/predictions", json={"customer_ids": customers, **question}).raise_for_status().json()
        for name, question in questions.items()
    }
    print(  # noqa: T201
        json.dumps(
            {
                **{name: answer["predictions"] for name, answer in answers.items()},
                "refused": client.post(
                    "/v1/predictions", json={"customer_ids": customers, "include": ["upsell"]}
                ).json(),
                "models": client.get("/v1/models").json(),
                "schemas": client.get("/openapi.json").json()["components"]["schemas"],
            }
        )
    )
