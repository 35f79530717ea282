"""Consent formats: the consents of Segment and Apache Unomi keep their meaning."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from features.consents.formats import parse_files
from features.errors import InvalidLog


def write_lines(folder: Path, *lines: object) -> Path:
    path = folder / "consents.ndjson"
    path.write_text("\n".join(json.dumps(line) for line in lines))
    return path


def parsed_rows(path: Path, source_format: str, *categories: str) -> list[tuple[Any, ...]]:
    table = parse_files([path], source_format, categories)
    return [(row["customer_id"], row["purpose"], row["granted"], row["changed_at"]) for row in table.to_pylist()]


def event(user_id: object, preferences: object, **more: object) -> dict[str, object]:
    consent = {"context": {"consent": {"categoryPreferences": preferences}}}
    return {"userId": user_id, "timestamp": "2026-01-02T10:00:00Z", **consent, **more}


def test_segments_categories_are_consents_of_the_customer(tmp_path: Path) -> None:
    path = write_lines(tmp_path, event("007", {"Advertising": True, "Functional": False}))
    timestamp = "2026-01-02T10:00:00Z"
    assert parsed_rows(path, "segment") == [
        ("007", "Advertising", "true", timestamp),
        ("007", "Functional", "false", timestamp),
    ]


def test_a_category_that_segment_does_not_name_is_a_no(tmp_path: Path) -> None:
    path = write_lines(tmp_path, event("ann", {"Advertising": True}))
    assert ("ann", "Email", "false", "2026-01-02T10:00:00Z") in parsed_rows(path, "segment", "Email", "Advertising")


def test_segments_events_without_consent_say_nothing(tmp_path: Path) -> None:
    path = write_lines(
        tmp_path, {"userId": "ann", "event": "Order Completed"}, {"userId": "ann", "context": {"ip": "::"}}
    )
    assert parsed_rows(path, "segment", "Email") == []


def test_an_id_may_be_a_number_and_comes_out_digit_for_digit(tmp_path: Path) -> None:
    assert parsed_rows(write_lines(tmp_path, event(17850, {"Email": True})), "segment")[0][0] == "17850"


def test_an_anonymous_event_is_nobodys(tmp_path: Path) -> None:
    assert parsed_rows(write_lines(tmp_path, event(None, {"Email": True})), "segment")[0][0] is None


def test_unomis_consents_have_a_status_and_an_end(tmp_path: Path) -> None:
    consents = {
        "site/newsletter": {
            "scope": "site",
            "typeIdentifier": "newsletter",
            "status": "GRANTED",
            "statusDate": "2026-01-01T00:00:00Z",
            "revokeDate": "2028-01-01T00:00:00Z",
        },
        "site/tracking": {"status": "REVOKED", "statusDate": "2026-01-03T00:00:00Z"},
    }
    table = parse_files([write_lines(tmp_path, {"itemId": "ann", "consents": consents})], "unomi", ()).to_pylist()
    assert [(row["purpose"], row["granted"], row["until"]) for row in table] == [
        ("newsletter", "true", "2028-01-01T00:00:00Z"),
        ("tracking", "false", None),
    ]


def test_gzipped_lines_and_blank_ones_are_read(tmp_path: Path) -> None:
    path = tmp_path / "consents.ndjson.gz"
    path.write_bytes(gzip.compress(b"\xef\xbb\xbf" + json.dumps(event("ann", {"Email": True})).encode() + b"\n\n"))
    assert len(parsed_rows(path, "segment")) == 1


@pytest.mark.parametrize(
    ("source_format", "line", "message"),
    [
        ("segment", "{", "line 1: "),
        ("segment", "[]", "found a list, expected an object"),
        ("segment", json.dumps(event("ann", {"Email": "yes"})), "found 'yes' for 'Email', expected true or false"),
        ("segment", json.dumps(event("ann", {"Email": True}, timestamp=None)), "found no time for 'Email'"),
        ("unomi", '{"itemId": "ann", "consents": {"a": {"status": "MAYBE"}}}', "found the status MAYBE"),
        ("unomi", '{"itemId": "ann", "consents": {"a": "GRANTED"}}', "the consent 'a' is no object"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(tmp_path: Path, source_format: str, line: str, message: str) -> None:
    path = tmp_path / "consents.ndjson"
    path.write_text(line)
    with pytest.raises(InvalidLog, match=r"consents\.ndjson, line 1: ") as error:
        parse_files([path], source_format, ())
    assert message in str(error.value)
    assert f"as {source_format} writes them" in str(error.value)
