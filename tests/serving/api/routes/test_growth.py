"""Growth over HTTP: the figures of the last run, and which counts a key is not told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from serving.auth.scopes import KeyScope
from serving.schemas.growth import AcquisitionResponse, GrowthResponse
from tests.serving.api.growth_answers import cohort, growth_answer, week, write_answer
from tests.serving.fakes import FakeRelease, Shop


def shop_with(home: Path, answer: GrowthResponse | None = None) -> Shop:
    if answer is not None:
        write_answer(home, answer)
    shop = Shop.of(FakeRelease(), home=home, keys=[f"view:v:{KeyScope.VIEW}", f"boss:a:{KeyScope.ADMIN}"])
    shop.worker.growth_loader.poll()
    return shop


def get(shop: Shop, key: str = "v") -> dict[str, Any]:
    with shop.client() as client:
        response = client.get("/v1/growth", headers={"Authorization": f"Bearer {key}"})
    assert response.status_code == 200, response.text
    GrowthResponse.model_validate_json(response.content)
    body: dict[str, Any] = response.json()
    return body
