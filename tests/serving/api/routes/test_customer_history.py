"""Customer history route: consents are asked first, a failed read is a status, and each reading is audited."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from features.consents.consent import PROFILING
from features.errors import StoreUnavailable
from serving.privacy.erasure import erase_customer
from serving.schemas.customer_history import CustomerHistory
from tests.serving.api.audience_requests import audit_lines, denial
from tests.serving.customers.histories import write_history
from tests.serving.fakes import FakeFeatureReader, FakeRelease, KnownCustomer, Shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    write_history(tmp_path)
    return Shop.of(FakeRelease(), FakeFeatureReader(ann=KnownCustomer()), home=tmp_path)


@pytest.fixture
def client(shop: Shop) -> Iterator[TestClient]:
    with shop.client() as client:
        yield client


def get_history(client: TestClient, customer_id: str) -> dict[str, Any]:
    response = client.get(f"/v1/customers/{customer_id}/history")
    assert response.status_code == 200, response.text
    assert response.headers["cache-control"] == "no-store"
    CustomerHistory.model_validate_json(response.content)
    history: dict[str, Any] = response.json()
    return history


def test_a_history_ends_at_the_clock_of_the_service(client: TestClient) -> None:
    history = get_history(client, "%20ann")
    assert (history["customer_id"], history["status"], history["as_of"]) == (
        " ann",
        "available",
        "2026-11-21T09:30:00Z",
    )
    assert (history["currency"], history["orders"], history["last_order_on"]) == ("EUR", 4, "2026-11-20")
    assert history["months"][-1] == {
        "month": "2026-11",
        "orders": 1,
        "net_spend": 30.0,
        "categories": [{"category": "wine", "orders": 1, "net_spend": 30.0}],
    }


def test_a_withdrawn_consent_leaves_no_figure(shop: Shop, client: TestClient) -> None:
    shop.worker.consent_gate.ledger.record({"ann": [denial(purpose=PROFILING)]})
    assert get_history(client, "ann") == {
        "customer_id": "ann",
        "status": "withheld_consent",
        "as_of": "2026-11-21T09:30:00Z",
    }


def test_without_a_consent_only_a_known_customer_is_withheld(shop: Shop, client: TestClient) -> None:
    ledger = shop.worker.consent_gate.ledger
    ledger.set_defaults(ledger.defaults().__class__(profiling=False))
    assert [get_history(client, name)["status"] for name in ("ann", "zoe")] == ["withheld_consent", "unknown_customer"]


def test_a_stranger_is_unknown(client: TestClient) -> None:
    assert get_history(client, "zoe")["status"] == "unknown_customer"


def test_an_erased_customer_is_unknown_and_has_no_line_left(shop: Shop, client: TestClient) -> None:
    home, ledger = shop.worker.home, shop.worker.consent_gate.ledger
    assert get_history(client, "ann")["status"] == "available"
    report = erase_customer(home, shop.worker.online_store, ledger, "ann").to_report()
    assert report["removed"]["history/lines_by_customer"] == report["removed"]["history/orders"] == 7
    assert get_history(client, "ann")["status"] == "unknown_customer"
    assert get_history(client, "bob")["orders"] == 1


def test_the_memory_names_no_erased_customer_after_a_look_at_the_file(shop: Shop, client: TestClient) -> None:
    lines = shop.worker.lines_by_customer
    get_history(client, "bob")
    lines.poll()
    assert "'ann'" in repr(vars(lines))  # the smallest id of the row group
    erase_customer(shop.worker.home, shop.worker.online_store, shop.worker.consent_gate.ledger, "ann")
    lines.poll()
    assert "'ann'" not in repr(vars(lines))


def test_a_history_on_another_machine_is_a_status(shop: Shop, client: TestClient) -> None:
    shutil.rmtree(shop.worker.home / "history")
    history = get_history(client, "ann")
    assert (history["status"], history["reason"]) == ("history_unavailable", "not_on_this_machine")


def test_consents_that_cannot_be_read_are_a_status(
    shop: Shop, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise StoreUnavailable("gone")

    monkeypatch.setattr(shop.worker.consent_gate.ledger, "statuses", fail)
    history = get_history(client, "ann")
    assert (history["status"], history["reason"], "months" in history) == (
        "history_unavailable",
        "store_unreachable",
        False,
    )


def test_each_reading_has_an_audit_line_without_the_id(shop: Shop, client: TestClient) -> None:
    for name in ("ann", "zoe"):
        get_history(client, name)
    lines = audit_lines(shop.worker.home)
    assert [line["action"] for line in lines] == ["history_read"] * 2
    assert lines[0]["customer"] == shop.worker.audit_log.pseudonym("ann")
    assert '"ann"' not in (shop.worker.home / "audit.jsonl").read_text()


def test_an_id_without_a_visible_character_is_nobodys(client: TestClient) -> None:
    assert client.get("/v1/customers/%20/history").status_code == 422
