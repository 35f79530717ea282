"""JSON logs: one line per event, with the time of the service's clock, and without a customer's id."""

from __future__ import annotations

import io
import json

from serving.moments import parse_datetime
from serving.observability.clock import PinnedClock
from serving.observability.json_logs import json_log, log_error


def test_a_line_is_json_with_the_services_time() -> None:
    stream = io.StringIO()
    json_log(PinnedClock(parse_datetime("2026-11-21T10:00:00Z")), stream).info("release serves", release="7")
    assert json.loads(stream.getvalue()) == {
        "timestamp": "2026-11-21T10:00:00Z",
        "level": "info",
        "event": "release serves",
        "release": "7",
    }


def test_an_error_is_reported_by_its_kind_and_place_alone() -> None:
    stream = io.StringIO()
    try:
        {"bob": 1}["ann"]
    except KeyError as error:
        log_error(json_log(PinnedClock(parse_datetime("2026-11-21")), stream), "request failed", error, route="/v1")
    line = json.loads(stream.getvalue())
    assert line["error"] == "KeyError"
    assert "test_an_error_is_reported_by_its_kind_and_place_alone" in line["where"]
    assert "ann" not in stream.getvalue()
