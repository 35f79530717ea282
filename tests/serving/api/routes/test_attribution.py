"""Attribution over HTTP: each figure names its evidence, a refusal has no number, and nobody else's history is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from features.errors import StoreUnavailable
from serving.schemas.attribution import AttributionResponse
from tests.serving.fakes import FakeRelease, Shop
from tests.training.attribution.attribution_home import held_out_shop, write_orders, write_touches

PERIOD = {"from": "2027-01-01", "to": "2027-02-01"}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    held_out_shop(tmp_path)
    with Shop.of(FakeRelease(), home=tmp_path, now="2027-03-01T10:00:00").client() as client:
        yield client


def attribution_of(client: TestClient, **query: str) -> dict[str, Any]:
    response = client.get("/v1/attribution", params={**PERIOD, **query})
    assert response.status_code == 200, response.text
    AttributionResponse.model_validate_json(response.content)
    body: dict[str, Any] = response.json()
    return body


def test_what_was_caused_stands_beside_what_is_credited(client: TestClient) -> None:
    answer = attribution_of(client)
    assert (answer["from"], answer["to"], answer["conversions"], answer["touched_conversions"]) == (
        "2027-01-01", "2027-02-01", 200, 120,
    )  # fmt: skip
    (email,) = answer["channels"]
    caused = email["incremental"]
    assert (caused["evidence"], caused["status"], caused["conversions"]) == ("randomised", "estimated", 40)
    assert caused["low"] < 40 < caused["high"]
    assert (caused["units"], caused["control_units"], caused["drawn_by"]) == (400, 200, ["customer"])
    assert email["exposure"]["evidence"] == "observational"
    assert (email["credited"]["evidence"], email["credited"]["label"]) == ("credited", "credited, not caused")
    assert email["credited"]["last_touch"] == answer["credited"]["last_touch"] == 120
    assert answer["compared_by"] == "past_orders"


def test_without_a_hold_out_there_is_a_reason_and_no_number(tmp_path: Path) -> None:
    write_touches(tmp_path, *((f"c{number}", 2.0, "sms", True, None) for number in range(30)))
    write_orders(tmp_path, *((f"c{number}", 3.0, "1", "10") for number in range(9)), ("z", 40.0, "1", "10"))
    with Shop.of(FakeRelease(), home=tmp_path).client() as client:
        (sms,) = attribution_of(client)["channels"]
    refused = sms["incremental"]
    assert (refused["status"], refused["reason"]) == ("not_identified", "no_randomised_control")
    assert refused["detail"].startswith("Found no touch that was withheld")
    assert [name for name, value in refused.items() if value is not None and not isinstance(value, str)] == []


def test_one_channel_can_be_asked_for_in_any_spelling(client: TestClient) -> None:
    assert [each["channel"] for each in attribution_of(client, channel=" E-Mail".replace("-", ""))["channels"]] == [
        "email"
    ]


def test_a_channel_without_touches_is_refused_with_those_that_have(client: TestClient) -> None:
    response = client.get("/v1/attribution", params={**PERIOD, "channel": "fax"})
    assert response.status_code == 422
    reason = "Found no touches on the channel in the period; expected one of email. Leave it out for all of them."
    assert response.json()["errors"] == [{"field": "channel", "reason": reason}]


@pytest.mark.parametrize(
    ("query", "field", "reason"),
    [
        ({}, "from", "Found nothing; expected a value. Add it."),
        ({"from": "yesterday", "to": "2027-01-02"}, "from", 'Found "yesterday"; expected'),
        ({"from": "0001-01-01", "to": "0001-01-02"}, "from", "found 0001-01-01; expected a day from 1970-01-01"),
        ({"from": "2027-01-02", "to": "2027-01-02"}, "to", "Found the period from 2027-01-02 to 2027-01-02; expected"),
        ({"from": "2025-01-01", "to": "2027-01-02"}, "to", "Found a period of 731 days"),
        ({**PERIOD, "chanel": "email"}, "chanel", "Found an unknown field; expected"),
    ],
)
def test_a_wrong_query_is_refused_by_its_field(
    client: TestClient, query: dict[str, str], field: str, reason: str
) -> None:
    response = client.get("/v1/attribution", params=query)
    assert response.status_code == 422
    first = response.json()["errors"][0]
    assert (first["field"], first["reason"][: len(reason)]) == (field, reason)


@pytest.mark.parametrize("content", [b"PAR1", b"PAR1" + bytes(40) + b"PAR1"])
def test_a_damaged_table_is_a_failure_of_the_service(client: TestClient, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "history" / "orders.parquet").write_bytes(content)
    assert client.get("/v1/attribution", params=PERIOD).status_code == 503


def test_a_home_without_a_log_has_no_channels(tmp_path: Path) -> None:
    with Shop.of(FakeRelease(), home=tmp_path).client() as client:
        answer = attribution_of(client)
    assert (answer["conversions"], answer["channels"], answer["credited"]["linear"]) == (0, [], 0)


def test_consents_that_cannot_be_read_are_no_consents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held_out_shop(tmp_path)
    shop = Shop.of(FakeRelease(), home=tmp_path)

    def cut() -> int:
        raise StoreUnavailable("cut")

    monkeypatch.setattr(shop.worker.consent_gate.ledger, "state", cut)
    with shop.client() as client:
        response = client.get("/v1/attribution", params=PERIOD)
    assert (response.status_code, response.headers["retry-after"]) == (503, "1")
    assert response.json()["detail"] == "The log or the consents cannot be read just now. Try again soon."


def test_a_period_with_more_rows_than_a_worker_may_read_is_refused(tmp_path: Path) -> None:
    held_out_shop(tmp_path)
    shop = Shop.of(FakeRelease(), home=tmp_path)
    rows = 400 + 200  # touches and order lines of January
    shop.worker.attribution_service.max_rows = rows - 1
    with shop.client() as client:
        response = client.get("/v1/attribution", params=PERIOD)
        shop.worker.attribution_service.max_rows = rows
        assert client.get("/v1/attribution", params=PERIOD).status_code == 200
    assert response.status_code == 422
    assert response.json()["errors"][0]["reason"] == (
        "Found 600 order lines and touches for the period from 2027-01-01 to 2027-02-01; expected at most 599 in a "
        "worker. Ask for a shorter period, or run `flywheel attribution`."
    )


def test_an_erased_customer_no_longer_counts(tmp_path: Path) -> None:
    held_out_shop(tmp_path)
    shop = Shop.of(FakeRelease(), home=tmp_path)
    with shop.client() as client:
        assert attribution_of(client)["conversions"] == 200
        shop.worker.consent_gate.ledger.erase("c0000")  # as an erasure does first, before it deletes the rows
        assert attribution_of(client)["conversions"] == 199
