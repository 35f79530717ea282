"""Intake routes: exposures and outcomes are recorded once, and not of those who are erased or said no."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from features.consents.consent import PROFILING, Consent, Defaults
from features.decisions.backends import open_decisions
from features.decisions.decision_log import DecisionLog
from features.online.backends import LMDB
from serving.privacy.erasure import erase_customer
from serving.schemas.intake import IntakeResponse
from tests.features.decisions.stores import decision
from tests.serving.fakes import FakeRelease, Shop, timestamp_us

AT = "2026-11-20T10:00:00"
ACCEPTED: dict[str, Any] = {"status": "accepted", "reason": None}
REPEATED: dict[str, Any] = {"status": "repeated", "reason": None}


def refusal(reason: str) -> dict[str, Any]:
    return {"status": "refused", "reason": reason}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop.of(FakeRelease(), home=tmp_path)


@pytest.fixture
def client(shop: Shop) -> Iterator[TestClient]:
    with shop.client() as client:
        yield client


@pytest.fixture
def log(tmp_path: Path) -> DecisionLog:
    log = open_decisions(tmp_path, LMDB)
    log.record([decision("d1", "ann"), decision("d2", "bob")])
    return log


def post_items(client: TestClient, name: str, *items: dict[str, Any]) -> list[dict[str, Any]]:
    response = client.post(f"/v1/{name}", json={name: [*items]})
    assert response.status_code == 200, response.text
    parsed = IntakeResponse.model_validate_json(response.content)
    statuses = [item.status for item in parsed.items]
    assert (parsed.accepted, parsed.repeated, parsed.refused) == tuple(
        statuses.count(status) for status in ("accepted", "repeated", "refused")
    )
    items_sent: list[dict[str, Any]] = response.json()["items"]
    return items_sent


def exposure(decision_id: str = "d1", **fields: object) -> dict[str, Any]:
    return {"decision_id": decision_id, "state": "sent", "at": AT, **fields}


def outcome(outcome_id: str = "o1", **fields: object) -> dict[str, Any]:
    subject = {} if "customer_id" in fields else {"decision_id": "d1"}
    return {"outcome_id": outcome_id, "kind": " Click ", "happened_at": AT, **subject, **fields}


def test_an_exposure_is_recorded_once_for_a_known_decision(client: TestClient, log: DecisionLog) -> None:
    items = [exposure(cost=0.05), exposure(cost=0.05), exposure(cost=1), exposure("d9"), exposure(state="opened")]
    assert post_items(client, "exposures", *items) == [
        ACCEPTED, REPEATED, refusal("conflict"), refusal("unknown_decision"), ACCEPTED
    ]  # fmt: skip
    stored = [(one.decision_id, one.state, one.at, one.cost) for one in log.exposures()]
    assert stored == [("d1", "opened", timestamp_us(AT), None), ("d1", "sent", timestamp_us(AT), 0.05)]


def test_an_outcome_is_recorded_once_whenever_it_is_sent(client: TestClient, log: DecisionLog) -> None:
    assert post_items(client, "outcomes", outcome(), outcome()) == [ACCEPTED, REPEATED]
    assert post_items(client, "outcomes", outcome(), outcome(), outcome(value=2)) == [REPEATED, REPEATED, ACCEPTED]
    dated = outcome(recorded_at="2026-11-20T10:00:01")
    assert post_items(client, "outcomes", dated) == [refusal("superseded")]
    [stored] = log.outcomes()
    assert (stored.kind, stored.customer_id, stored.decision_id, stored.value) == ("click", "ann", "d1", 2.0)
    assert stored.happened_at == timestamp_us(AT) < stored.recorded_at


def test_an_outcome_of_a_customer_has_the_canonical_id(client: TestClient, shop: Shop, log: DecisionLog) -> None:
    shop.worker.consent_gate.ledger.set_id_case("fold")
    assert post_items(client, "outcomes", outcome(customer_id=" ANN "), outcome("o2", decision_id="d9")) == [
        ACCEPTED, refusal("unknown_decision")
    ]  # fmt: skip
    assert [one.customer_id for one in log.outcomes()] == ["ann"]


@pytest.mark.parametrize("customer_id", [" ", "\u200b", "\0"])
def test_an_outcome_of_nobody_is_refused(client: TestClient, log: DecisionLog, customer_id: str) -> None:
    response = client.post("/v1/outcomes", json={"outcomes": [outcome(customer_id=customer_id)]})
    assert response.status_code == 422
    assert "expected an id with a visible character" in response.json()["errors"][0]["reason"]
    assert [*log.outcomes()] == []


def test_nothing_is_recorded_of_an_erased_customer(
    client: TestClient, shop: Shop, log: DecisionLog, tmp_path: Path
) -> None:
    erase_customer(tmp_path, LMDB, shop.worker.consent_gate.ledger, "ann")
    assert post_items(client, "exposures", exposure(), exposure("d2")) == [refusal("unknown_decision"), ACCEPTED]
    assert post_items(client, "outcomes", outcome(), outcome("o2", customer_id="ann")) == [
        refusal("unknown_decision"), refusal("erased")
    ]  # fmt: skip
    assert [*log.customer_ids()] == ["bob"]


def test_nothing_new_is_recorded_of_who_withdrew_conpost_items(
    client: TestClient, shop: Shop, log: DecisionLog
) -> None:
    assert post_items(client, "exposures", exposure()) == [ACCEPTED]
    no = Consent(PROFILING, "*", granted=False, changed_at=1)
    shop.worker.consent_gate.ledger.record({"ann": [no]})
    assert post_items(client, "exposures", exposure(state="opened"), exposure("d2")) == [
        refusal("no_consent"),
        ACCEPTED,
    ]
    assert post_items(client, "outcomes", outcome()) == [refusal("no_consent")]
    assert len([*log.exposures()]) == 2


def test_without_a_consent_by_default_only_decisions_get_outcomes(
    client: TestClient, shop: Shop, log: DecisionLog
) -> None:
    shop.worker.consent_gate.ledger.set_defaults(Defaults(profiling=False))
    items = [outcome(), outcome("o2", customer_id="ann")]
    assert post_items(client, "outcomes", *items) == [ACCEPTED, refusal("no_consent")]
    assert log.counts()["outcomes"] == 1


@pytest.mark.usefixtures("log")
def test_a_time_of_days_ahead_is_refused(client: TestClient) -> None:
    assert post_items(client, "exposures", exposure(at="2999-01-01")) == [refusal("in_future")]
    assert post_items(client, "outcomes", outcome(happened_at="2999-01-01"), outcome(recorded_at="2999-01-01")) == [
        refusal("in_future"), refusal("in_future")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "item", "field", "reason"),
    [
        ("outcomes", outcome(customer_id="ann", decision_id="d1"), "outcomes[0]", "found both of customer_id and"),
        (
            "outcomes",
            {"outcome_id": "o", "kind": "k", "happened_at": AT},
            "outcomes[0]",
            "found neither of customer_id",
        ),
        ("outcomes", outcome(kind="\u200b"), "outcomes[0].kind", "expected a word with a visible character"),
        ("outcomes", outcome(value="NaN"), "outcomes[0].value", ""),
        ("exposures", exposure(state="lost"), "exposures[0].state", "'sent', 'delivered', 'opened', 'suppressed' or"),
        ("exposures", exposure(cost=-1), "exposures[0].cost", "Found -1; expected 0 or more."),
        ("exposures", exposure(at="soon"), "exposures[0].at", "expected an RFC 3339 date-time"),
    ],
)
def test_an_item_that_is_none_refuses_the_call(
    client: TestClient, name: str, item: dict[str, Any], field: str, reason: str
) -> None:
    response = client.post(f"/v1/{name}", json={name: [item]})
    assert response.status_code == 422
    [problem] = response.json()["errors"]
    assert problem["field"] == field
    assert reason in problem["reason"]


def test_a_call_has_at_most_a_thousand_items(client: TestClient, log: DecisionLog) -> None:
    many = [exposure(at=f"2026-11-20T10:00:00.{index:06d}") for index in range(1000)]
    assert post_items(client, "exposures", *many) == [ACCEPTED] * 1000
    assert client.post("/v1/exposures", json={"exposures": [*many, exposure()]}).status_code == 422
    assert client.post("/v1/exposures", json={"exposures": []}).status_code == 422
    assert len([*log.exposures()]) == 1000


def test_a_log_that_is_damaged_or_lost_is_said(client: TestClient, tmp_path: Path) -> None:
    for damage in ("decisions.json", "decisions/data.mdb"):
        (tmp_path / "decisions").mkdir(exist_ok=True)
        (tmp_path / damage).write_bytes(b"no page" * 9999)
        response = client.post("/v1/exposures", json={"exposures": [exposure()]})
        (tmp_path / damage).unlink()
        assert response.status_code == 503
        detail = "Experiments and decisions cannot be read or written just now. Try again soon."
        assert response.json()["detail"] == detail
    open_decisions(tmp_path, LMDB).record([decision()])
    (tmp_path / "decisions/data.mdb").unlink()
    assert client.post("/v1/exposures", json={"exposures": [exposure()]}).status_code == 503
