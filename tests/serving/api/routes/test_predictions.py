"""Prediction routes: reasons are attached on request, for the included answers, and outside the event loop."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import NoReturn, get_args

import pytest
from starlette.testclient import TestClient

from features.online.feature_rows import FeatureRows
from serving.schemas.predictions import Part
from tests.serving.api.prediction_requests import get_prediction, post_predictions
from tests.serving.fakes import FakeFeatureReader, FakeRelease, KnownCustomer, Shop
from training.inference.explanations.reasons import Reason


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with Shop.of(FakeRelease()).client() as client:
        yield client


def test_reasons_are_given_only_when_asked_for(client: TestClient) -> None:
    assert {*post_predictions(client, "ann")[0]} >= {"churn", "next_purchase", "ltv", "segment"}
    assert "reasons" not in post_predictions(client, "ann")[0]
    assert {*post_predictions(client, "ann", include=["reasons"])[0]} & {*get_args(Part)} == {"reasons"}


@pytest.mark.parametrize(
    ("include", "expected"),
    [
        (["reasons"], ["churn", "next_purchase", "ltv"]),
        (["segment", "reasons"], ["churn", "next_purchase", "ltv"]),
        (["reasons", "ltv", "churn"], ["churn", "ltv"]),
        (["next_purchase", "reasons"], ["next_purchase"]),
    ],
)
def test_reasons_speak_of_the_answers_they_come_with(
    client: TestClient, include: list[str], expected: list[str]
) -> None:
    reasons = post_predictions(client, "ann", include=include, as_of="2026-11-22")[0]["reasons"]
    assert [reason["answer"] for reason in reasons] == expected
    assert get_prediction(client, "ann", include=",".join(include), as_of="2026-11-22")["reasons"] == reasons


def test_reasons_are_those_of_the_customer_and_a_stranger_has_none(client: TestClient) -> None:
    ann, zoe, ann_repeated = post_predictions(
        client, "ann", "zoe", "ann", include=["churn", "reasons"], as_of="2026-11-22"
    )
    assert ann["reasons"] == [
        {
            "answer": "churn",
            "code": "recency_days",
            "value": 22.0,
            "direction": "raises",
            "importance": 1.0,
            "text": {"en": "Last order 22.0 days ago", "zh": "距上次下单 22.0 天"},
        }
    ]
    assert "reasons" not in zoe
    assert ann_repeated == ann


def test_reasons_are_not_computed_unless_requested() -> None:
    class NoReasonsRelease(FakeRelease):
        def reasons(self, *_: object) -> NoReturn:
            raise AssertionError

    with Shop.of(NoReasonsRelease(), FakeFeatureReader(ann=KnownCustomer())).client() as client:
        assert post_predictions(client, "ann")[0]["status"] == "scored"
        assert (
            post_predictions(client, "ann", include=["churn", "next_purchase", "ltv", "segment"])[0]["status"]
            == "scored"
        )


def test_others_are_answered_while_reasons_are_sought() -> None:
    started, may_finish = Event(), Event()

    class SlowReasonsRelease(FakeRelease):
        def reasons(self, stored: FeatureRows, as_of: int, answers: Sequence[str] = ()) -> list[list[Reason]]:
            started.set()
            assert may_finish.wait(10)
            return super().reasons(stored, as_of, answers)

    with (
        Shop.of(SlowReasonsRelease(), FakeFeatureReader(ann=KnownCustomer())).client() as client,
        ThreadPoolExecutor() as pool,
    ):
        pending = pool.submit(post_predictions, client, "ann", include=["reasons"])
        assert started.wait(10)
        assert post_predictions(client, "ann")[0]["status"] == "scored"
        may_finish.set()
        assert len(pending.result()[0]["reasons"]) == 3


@pytest.mark.parametrize(
    ("name", "meant"), [("asof", "as_of"), ("as-of", "as_of"), ("includes", "include"), ("Include", "include")]
)
def test_a_misspelt_parameter_is_named_instead_of_ignored(client: TestClient, name: str, meant: str) -> None:
    response = client.get("/v1/customers/ann/predictions", params={name: "2026-11-22"})
    assert response.status_code == 422
    assert response.json()["errors"] == [
        {"field": name, "reason": f"Found an unknown parameter; expected {meant}. Correct or leave it out."}
    ]
