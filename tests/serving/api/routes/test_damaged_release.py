"""Damaged release: where release.json is torn or of another version, audiences wait, and erasures go on."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient


@pytest.mark.parametrize("text", ["", '{"format": 2, "model_ver', '{"format": 1}', "\x00"])
def test_a_damaged_release_is_503_for_audiences_and_stops_no_erasure(
    client: TestClient, tmp_path: Path, text: str
) -> None:
    (tmp_path / "releases/7/release.json").write_text(text)
    response = client.post("/v1/audiences", json={})
    assert (response.status_code, response.headers["retry-after"].isdecimal()) == (503, True)
    assert client.delete("/v1/customers/c001").status_code == 200
