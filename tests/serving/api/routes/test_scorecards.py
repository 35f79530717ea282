"""Scorecards over HTTP: by release and period, drift beside the models, gauges without an id."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from serving.schemas.predictions import ModelsResponse
from serving.schemas.scorecards import MAX_SCORECARDS, ScorecardsResponse
from tests.serving.fakes import FakeRelease, Shop

ESTIMATE = {"value": 1.25, "low": 1.15, "high": 1.35}


def scorecard(release: str, day: str, status: str = "as_expected", question: str = "order") -> dict[str, Any]:
    population = {"n": 900, "effective_n": 700.5, "events": 300, "metrics": {"observed_over_expected": ESTIMATE}}
    return {
        "release": release, "day": day, "matured_on": "2026-11-01", "question": question, "horizon_days": 30,
        "status": status, "reasons": [], "populations": {"untreated": {**population, "deciles": []}},
    }  # fmt: skip


DRIFT = {
    "as_of": "2026-11-20", "release": "7", "reference_as_of": "2026-11-01", "features_day": "2026-11-19",
    "alarms": ["all: 900 orders"], "scores": [], "early_scorecard": None,
    "inputs": [{"name": "spend_91d", "psi": 0.3, "limit": 0.1, "alarms": True, "n": 500, "reference_n": 400}],
    "volumes": [
        {"group": "all", "window_days": 7, "observed": 9.0, "expected": 10.0, "limit": 0.05, "alarms": True},
        {"group": "all", "window_days": 28, "observed": 40.0, "expected": 40.0, "limit": 0.05, "alarms": False},
    ],
}  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Path:
    cards = [scorecard("6", "2026-09-28"), scorecard("7", "2026-10-02", "alarm"), scorecard("7", "2026-10-03")]
    (tmp_path / "scorecards.json").write_text(json.dumps({"as_of": "2026-11-20", "scorecards": cards}))
    (tmp_path / "drift.json").write_text(json.dumps(DRIFT))
    return tmp_path


def polled_shop(home: Path) -> Shop:
    shop = Shop.of(FakeRelease(), home=home)
    shop.worker.monitoring_loader.poll()
    return shop


def get(home: Path, **query: str) -> dict[str, Any]:
    with polled_shop(home).client() as client:
        response = client.get("/v1/scorecards", params=query)
    ScorecardsResponse.model_validate_json(response.content)
    body: dict[str, Any] = response.json()
    return body


def days_of(body: Mapping[str, Any]) -> list[str]:
    return [card["day"] for card in body["scorecards"]]


@pytest.mark.parametrize(
    ("query", "days"),
    [
        ({}, ["2026-10-03", "2026-10-02", "2026-09-28"]),
        ({"release": "6"}, ["2026-09-28"]),
        ({"from": "2026-10-02"}, ["2026-10-03", "2026-10-02"]),
        ({"to": "2026-10-02"}, ["2026-10-02", "2026-09-28"]),
        ({"release": "7", "from": "2026-10-03", "to": "2026-10-03"}, ["2026-10-03"]),
        ({"release": "8"}, []),
    ],
)
def test_the_newest_come_first_within_the_filters(home: Path, query: dict[str, str], days: list[str]) -> None:
    body = get(home, **query)
    assert days_of(body) == days
    assert body["as_of"] == "2026-11-20"


@pytest.mark.parametrize("query", [{"from": "soon"}, {"day": "2026-10-02"}, {"from": "2026-10-03", "to": "2026-10-02"}])
def test_a_filter_that_is_none_is_refused(home: Path, query: dict[str, str]) -> None:
    with polled_shop(home).client() as client:
        response = client.get("/v1/scorecards", params=query)
    assert response.status_code == 422
    assert response.json()["errors"]


def test_a_day_that_is_none_is_told_how_days_are_written(home: Path) -> None:
    with polled_shop(home).client() as client:
        errors = client.get("/v1/scorecards", params={"from": "2026"}).json()["errors"]
    assert errors == [{"field": "from", "reason": 'Found "2026"; expected a day such as 2027-03-15.'}]


def test_a_home_without_scorecards_has_none(tmp_path: Path) -> None:
    assert get(tmp_path) == {"as_of": None, "scorecards": [], "left_out": 0}


def test_a_damaged_file_counts_as_none(home: Path) -> None:
    (home / "scorecards.json").write_text("{")
    assert get(home)["scorecards"] == []


def test_of_many_the_newest_are_answered_and_the_others_counted(home: Path) -> None:
    cards = [scorecard("7", "2026-10-02", question=name) for name in ("order", "orders", "spend")] * 200
    (home / "scorecards.json").write_text(json.dumps({"as_of": "2026-11-20", "scorecards": cards}))
    body = get(home)
    assert (len(body["scorecards"]), body["left_out"]) == (MAX_SCORECARDS, 100)


def test_the_models_show_the_drift_of_the_release_that_answers(home: Path) -> None:
    with polled_shop(home).client() as client:
        body = client.get("/v1/models")
    ModelsResponse.model_validate_json(body.content)
    assert body.json()["drift"] == DRIFT


def test_the_drift_of_another_release_is_not_shown(home: Path) -> None:
    (home / "drift.json").write_text(json.dumps({**DRIFT, "release": "6"}))
    with polled_shop(home).client() as client:
        assert client.get("/v1/models").json()["drift"] is None


def test_a_file_that_changes_is_read_again_by_the_next_poll(home: Path) -> None:
    shop = polled_shop(home)
    (home / "scorecards.json").write_text(json.dumps({"as_of": "2026-11-21", "scorecards": []}))
    shop.worker.monitoring_loader.poll()
    with shop.client() as client:
        assert client.get("/v1/scorecards").json() == {"as_of": "2026-11-21", "scorecards": [], "left_out": 0}


def test_the_metrics_have_the_newest_scorecard_of_each_question_and_the_drift(home: Path) -> None:
    with polled_shop(home).client() as client:
        lines = client.get("/metrics").text.splitlines()
    assert 'flywheel_scorecard_alarm{horizon_days="30",question="order"} 0.0' in lines
    assert 'flywheel_scorecard_observed_over_expected{horizon_days="30",question="order"} 1.25' in lines
    assert 'flywheel_drift_alarms{kind="inputs"} 1.0' in lines
    assert 'flywheel_drift_alarms{kind="volumes"} 1.0' in lines
    assert 'flywheel_drift_largest_psi{kind="inputs"} 0.3' in lines
