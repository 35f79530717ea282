"""Effects route: what attending a class did, for those whose data may be analysed, or why it is not known."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from starlette.testclient import TestClient

from features.calendar import day_from_number
from features.consents.consent import ALL_CHANNELS, PROFILING, Consent
from serving.api.routes import effects
from tests.serving.fakes import Shop
from tests.training.attendance.simulated_shop import ATTENDEES, CLASS_DAY, simulated_shop
from tests.training.attendance.written_history import WrittenHistory, customer_name
from training.attendance.estimators.panel_estimators import ESTIMATORS

RNG = np.random.default_rng(0)
SHOP = simulated_shop(RNG)
CAME = SHOP.attendees("loyal", RNG)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    history = WrittenHistory(tmp_path)
    history.write_orders(SHOP, CAME, 0.5)
    history.write_events(CAME)
    return Shop.of(home=tmp_path)


@pytest.fixture
def client(shop: Shop) -> Iterator[TestClient]:
    with shop.client() as client:
        yield client


def ask(client: TestClient, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - of the request
    response = client.post("/v1/effects", json={"event": "class", **fields})
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def test_an_effect_is_stated_with_its_evidence_and_the_diagnostics_beside(client: TestClient) -> None:
    answer = ask(client)
    attending = answer["attending"]
    assert (attending["status"], attending["evidence"], attending["reason"]) == ("estimated", "observational", None)
    assert attending["per_attendee"]["low"] > 0
    assert 0 < attending["sensitivity"]["robustness_value"] < 1
    assert {row["estimator"]: row["passes"] for row in attending["diagnostics"]}["matched"] is True
    assert (answer["attendees"], answer["compared"], answer["invitations"]) == (ATTENDEES, ATTENDEES, None)
    document = client.get("/openapi.json").json()
    schema = {"$ref": "#/components/schemas/EffectResponse", "components": document["components"]}
    Draft202012Validator(schema).validate(answer)


def test_no_comparison_but_the_two_is_stated_as_an_effect(client: TestClient) -> None:
    diagnostics = ask(client)["attending"]["diagnostics"]
    assert len(diagnostics) == len(ESTIMATORS)
    for row in diagnostics:
        assert set(row) == {"estimator", "pseudo_effect", "passes"}


def test_a_refusal_is_an_answer_without_a_number_beside(client: TestClient) -> None:
    attending = ask(client, to=str(day_from_number(CLASS_DAY)))["attending"]
    assert (attending["status"], attending["reason"]) == ("not_yet", "too_few")
    assert attending["detail"].startswith("Found 0 attendees who had ordered before")
    assert [attending[name] for name in ("per_attendee", "doubly_robust", "sensitivity")] == [None] * 3


@pytest.mark.parametrize("name", ["orders", "events"])
@pytest.mark.parametrize("content", [b"PAR1", b"PAR1" + bytes(40) + b"PAR1"])
def test_a_damaged_table_is_a_failure_of_the_service(
    client: TestClient, tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / "history" / f"{name}.parquet").write_bytes(content)
    assert client.post("/v1/effects", json={"event": "class"}).status_code == 503


def test_the_effect_in_the_window_is_that_of_all_its_weeks(client: TestClient) -> None:
    twelve, four = (ask(client, within_days=days)["attending"]["per_attendee"]["value"] for days in (84, 28))
    assert 2 < twelve / four < 4.5


def test_customers_without_consent_to_profiling_and_erased_ones_are_in_no_number(
    shop: Shop, client: TestClient
) -> None:
    ledger = shop.worker.consent_gate.ledger
    denial = Consent(PROFILING, ALL_CHANNELS, granted=False, changed_at=1)
    ledger.record({customer_name(number): [denial] for number in CAME[:30]})
    ledger.erase(customer_name(CAME[30]))
    assert ask(client)["attendees"] == ATTENDEES - 31


@pytest.mark.parametrize(
    ("fields", "field", "text"),
    [
        ({"event": "clas"}, "event", "Expected one of the log: class."),
        ({"event": "class", "invitation_experiment": "no"}, "invitation_experiment", "Found no invitations of 'no'"),
        ({"event": "class", "within_days": 3}, "within_days", "expected 7 or more"),
        ({"event": "class", "outcome": "profit"}, "outcome", "expected"),
        ({}, "event", "expected"),
    ],
)
def test_what_cannot_be_meant_is_refused(client: TestClient, fields: dict[str, Any], field: str, text: str) -> None:
    response = client.post("/v1/effects", json=fields)
    assert response.status_code == 422, response.text
    (error,) = response.json()["errors"]
    assert error["field"] == field
    assert text in error["reason"]


def test_a_period_that_ends_before_it_begins_is_refused(client: TestClient) -> None:
    response = client.post("/v1/effects", json={"event": "class", "from": "2026-02-02", "to": "2026-02-01"})
    assert response.status_code == 422
    assert "found from 2026-02-02 and to 2026-02-01; expected from to lie before to" in response.text


def test_without_a_history_the_remedy_is_told(tmp_path: Path) -> None:
    with Shop.of(home=tmp_path).client() as client:
        response = client.post("/v1/effects", json={"event": "class"})
    assert response.status_code == 503
    assert "Run `flywheel run`" in response.json()["detail"]


def test_more_questions_than_may_wait_are_refused(client: TestClient) -> None:
    places = effects._places()
    for _ in range(effects.MAX_QUESTIONS):
        assert places.acquire(blocking=False)
    try:
        response = client.post("/v1/effects", json={"event": "class"})
    finally:
        places.release(effects.MAX_QUESTIONS)
    assert (response.status_code, response.headers["retry-after"]) == (429, str(effects.RETRY_SECONDS))
    assert ask(client)["attendees"] == ATTENDEES


def test_nothing_that_identifies_a_customer_is_answered_or_logged(shop: Shop, client: TestClient) -> None:
    answer = ask(client)
    client.post("/v1/effects", json={"event": "clas"})
    assert not any(customer_name(number) in str(answer) for number in CAME)
    assert not any(customer_name(number) in shop.log.getvalue() for number in CAME)
