"""Explain: the terminal gives the answers of the service, and says what the service may not."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from features.consents.consent import Consent
from pipelines.cli.answer_text import answer_lines
from tests.pipelines import shops
from tests.pipelines.command import Flywheel
from tests.pipelines.conftest import AS_OF
from tests.pipelines.service import service_of

pytestmark = pytest.mark.slow

TODAY = shops.day(AS_OF)
ALL_PARTS = "churn,next_purchase,ltv,segment,reasons"


@pytest.fixture(scope="module")
def client(trained_shop: Flywheel) -> Iterator[TestClient]:
    with service_of(trained_shop.home, TODAY) as test_client:
        yield test_client


@pytest.fixture
def own_copy(trained_shop: Flywheel, tmp_path: Path) -> Flywheel:
    """A copy of the shop, whose consents a test may change."""
    shutil.copytree(trained_shop.folder, tmp_path / "shop")
    return Flywheel(tmp_path / "shop")


def explain(flywheel: Flywheel, *customer_ids: str) -> list[dict[str, Any]]:
    predictions: list[dict[str, Any]] = flywheel("explain", *customer_ids, "--as-of", TODAY, "--json").summary[
        "predictions"
    ]
    return predictions


def test_the_json_is_the_answer_of_the_service(trained_shop: Flywheel, client: TestClient) -> None:
    customer_ids = [*trained_shop.scores["customer_id"].to_pylist()[::60], "nobody"]
    for customer_id, answer in zip(customer_ids, explain(trained_shop, *customer_ids), strict=True):
        response = client.get(f"/v1/customers/{customer_id}/predictions", params={"include": ALL_PARTS})
        assert {"predictions": [answer]} == response.raise_for_status().json()


def test_the_text_has_every_question_and_the_reasons(trained_shop: Flywheel) -> None:
    (customer_id,) = trained_shop.scores.sort_by("churn_probability")["customer_id"].to_pylist()[:1]
    (answer,) = explain(trained_shop, customer_id)
    text = " ".join(trained_shop("explain", customer_id, "--as-of", TODAY).out.split())
    assert text.startswith(f"{customer_id}: scored Release 1 as of 2024-09-23T22:00:00Z, features of 2024-09-23")
    assert f"churn scored average {answer['churn']['probability']:.1%} chance of no order within 60 days: low" in text
    assert f"next purchase scored average {answer['next_purchase']['p50']} (80 %" in text
    assert f"30 days: {answer['ltv']['predicted']['30']['mean']:,.0f} EUR" in text
    assert f"value {answer['segment']['value_tier']}" in text
    for reason in answer["reasons"]:
        assert reason["text"]["en"] in text
        assert reason["direction"] in text


def test_an_unknown_id_names_those_that_are_alike(trained_shop: Flywheel) -> None:
    known = next(name for name in trained_shop.scores["customer_id"].to_pylist() if name.startswith("0001"))
    result = trained_shop("explain", known.lstrip("0"), "--as-of", TODAY)
    assert result.status == 0
    assert result.out == f"{known.lstrip('0')}: no customer has this id\nPerhaps {known}?\n"
    assert trained_shop("explain", "zzzzzzzzzz", "--as-of", TODAY).out == "zzzzzzzzzz: no customer has this id\n"


def test_a_customer_who_denied_or_was_erased_is_named_as_such_and_never_suggested(own_copy: Flywheel) -> None:
    denied, erased = own_copy.scores["customer_id"].to_pylist()[100:102]
    ledger = own_copy.home.ledger()
    ledger.record({denied: [Consent("profiling", "*", granted=False, changed_at=0, until=None)]})
    ledger.erase(erased)
    text = own_copy("explain", denied, erased, denied.lstrip("0"), "--as-of", TODAY).out.splitlines()
    assert text[0] == f"{denied}: not answered: the customer does not consent to profiling"
    assert text[1] == f"{erased}: not answered: the customer was erased"
    assert not any(denied in line or erased in line for line in text[3:])
    statuses = [answer["status"] for answer in explain(own_copy, denied, erased)]
    assert statuses == ["withheld_consent", "unknown_customer"]


def test_features_that_are_too_old_are_said_in_the_first_line(trained_shop: Flywheel) -> None:
    customer_id = trained_shop.scores["customer_id"][0].as_py()
    first, second, *_ = trained_shop("explain", customer_id).out.splitlines()
    assert first.startswith("The log ends on 2024-09-23, ")
    assert f"For the answers as of its end, add `--as-of {TODAY}`" in first
    assert second == f"{customer_id}: answered from features that are too old, because the log has ended"


def test_the_pinned_clock_of_the_service_counts(trained_shop: Flywheel) -> None:
    customer_id = trained_shop.scores["customer_id"][0].as_py()
    variables = {"FLYWHEEL_AS_OF": TODAY.isoformat()}
    (answer,) = trained_shop("explain", customer_id, "--json", environment=variables).summary["predictions"]
    assert [answer] == explain(trained_shop, customer_id)
    wrong = trained_shop("explain", customer_id, environment={"FLYWHEEL_AS_OF": "tomorrow"})
    assert wrong.status == 1
    assert "FLYWHEEL_AS_OF: Found 'tomorrow'" in wrong.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("",), "is no customer id: "),
        (("00001", "--as-of", "2024-01-01"), "expected an instant not before"),
    ],
)
def test_what_cannot_be_answered_is_an_error(trained_shop: Flywheel, arguments: tuple[str, ...], message: str) -> None:
    result = trained_shop("explain", *arguments)
    assert (result.status, result.out) == (1, "")
    assert message in result.err


def test_without_a_champion_the_first_step_is_named(tmp_path: Path) -> None:
    result = Flywheel(tmp_path)("explain", "ann")
    assert (result.status, result.out) == (1, "")
    assert "run `flywheel run` first" in result.err
    assert not (tmp_path / ".flywheel").exists()


def test_a_shop_without_amounts_has_orders_alone() -> None:
    empty = {"expected_orders": 2.25, "mean": None, "median": None, "p10": None, "p90": None}
    assert answer_lines("ltv", {"currency": None, "historic": None, "predicted": {"30": empty}}) == [
        "30 days: 2.2 orders"
    ]


def test_a_customer_who_is_not_expected_again_has_no_dates() -> None:
    answer = {
        "p10": None, "p50": None, "p90": None, "remind_on": None, "p50_if_within": {"44": "2026-12-12"},
        "probability_within": {"7": 0.001, "90": 0.003}, "by_category": None,
    }  # fmt: skip
    assert answer_lines("next_purchase", answer) == [
        "no order expected; no reminder",
        "if within 44 days: 2026-12-12",
        "order within 7 days 0%, 90 days 0%",
    ]


def test_the_answer_of_a_model_page_without_words_shows_its_fields() -> None:
    assert answer_lines("basket", {"status": "scored", "tier": "average", "items": 3, "size": "small"}) == [
        "items 3, size small"
    ]
