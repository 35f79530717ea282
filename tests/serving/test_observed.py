"""Every request has an id that its caller, its answer and the log share."""

from __future__ import annotations

import re

import pytest

from tests.serving.fakes import FakeRelease, Shop


@pytest.mark.parametrize("path", ["/livez", "/nowhere", "/v1/customers/ann/predictions"])
def test_the_callers_request_id_is_echoed(path: str) -> None:
    with Shop.of(FakeRelease()).client() as client:
        assert client.get(path, headers={"X-Request-ID": "campaign/42:17"}).headers["x-request-id"] == "campaign/42:17"


@pytest.mark.parametrize("brought", [None, "", "a b", "x" * 129, "<script>"])
def test_one_is_made_where_none_or_nonsense_was_brought(brought: str | None) -> None:
    headers = {} if brought is None else {"X-Request-ID": brought}
    with Shop.of(FakeRelease()).client() as client:
        made = {client.get("/livez", headers=headers).headers["x-request-id"] for _ in range(2)}
    assert len(made) == 2
    assert all(re.fullmatch("[0-9a-f]{16}", one) for one in made)
