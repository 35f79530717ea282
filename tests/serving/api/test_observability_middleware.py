"""Observability middleware: the caller, the response and the log share one request id."""

from __future__ import annotations

import json
import re

import pytest

from tests.serving.fakes import FakeRelease, Shop


@pytest.mark.parametrize("path", ["/livez", "/nowhere", "/v1/customers/ann/predictions"])
def test_the_callers_request_id_is_echoed(path: str) -> None:
    with Shop.of(FakeRelease()).client() as client:
        assert client.get(path, headers={"X-Request-ID": "campaign/42:17"}).headers["x-request-id"] == "campaign/42:17"


def test_a_request_is_logged_if_asked_to_without_saying_whose_it_was() -> None:
    for access_log in (False, True):
        shop = Shop.of(FakeRelease(), access_log=access_log)
        with shop.client() as client:
            client.get("/v1/customers/ann/predictions?include=churn", headers={"X-Request-ID": "campaign/42:17"})
        lines = [json.loads(line) for line in shop.log.getvalue().splitlines()]
        request_lines = [line for line in lines if line["event"] == "request"]
        assert len(request_lines) == access_log
    (line,) = request_lines
    assert line.pop("milliseconds") > 0
    assert line == {
        "event": "request",
        "level": "info",
        "method": "GET",
        "request_id": "campaign/42:17",
        "route": "/v1/customers/{customer_id:text}/predictions",
        "status": 200,
        "timestamp": "2026-11-21T10:30:00Z",
    }
    assert "ann" not in shop.log.getvalue()


@pytest.mark.parametrize("sent_id", [None, "", "a b", "x" * 129, "<script>"])
def test_one_is_made_where_none_or_nonsense_was_brought(sent_id: str | None) -> None:
    headers = {} if sent_id is None else {"X-Request-ID": sent_id}
    with Shop.of(FakeRelease()).client() as client:
        request_ids = {client.get("/livez", headers=headers).headers["x-request-id"] for _ in range(2)}
    assert len(request_ids) == 2
    assert all(re.fullmatch("[0-9a-f]{16}", request_id) for request_id in request_ids)
