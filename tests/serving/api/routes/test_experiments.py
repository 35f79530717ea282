"""Experiment routes: a plan before the start, decisions that are logged, changes that are audited, and refusals."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from starlette.testclient import TestClient

from serving.schemas.experiments import DecisionsResponse, ExperimentsResponse, PlannedExperiment
from tests.serving.api.audience_requests import IDS, audit_lines, post_audience, scored_shop
from tests.serving.fakes import DAY, Shop, timestamp_us
from training.experiments.record.experiment_folder import ExperimentFolder
from training.experiments.record.global_holdout import GlobalHoldout, record_global_holdout
from training.experiments.record.started_experiment import Change

RECORD = {
    "id": "win-back",
    "arms": [{"name": "none", "control": True}, {"name": "five"}, {"name": "ten", "cost": 1.2}],
    "eligible": {"channel": "email"},
    "outcome": {"kind": "order", "within_days": 28},
    "guardrails": [{"kind": "spend", "within_days": 28, "not_worse_by": 0.03}],
    "ends_on": "2027-02-01",
}
LOG_END = timestamp_us("2026-11-21")


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return scored_shop(tmp_path)


@pytest.fixture
def client(shop: Shop) -> Iterator[TestClient]:
    with shop.client() as client:
        yield client


def write_orders(home: Path) -> None:
    """Every fourth customer ordered once in the last four weeks, for 40, and every eighth sent the order back."""
    rows = [
        {"customer_id": id_, "order_id": f"o{n}", "amount": amount, "at_us": LOG_END - 7 * DAY}
        for n, id_ in enumerate(IDS)
        for amount in ((40.0, -40.0) if n % 8 == 0 else (40.0,))
        if n % 4 == 0
    ]
    (home / "history").mkdir()
    pq.write_table(pa.Table.from_pylist(rows), home / "history" / "orders.parquet")


def start(client: TestClient, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """The response to the start of an experiment."""
    response = client.post("/v1/experiments", json={**RECORD, **fields})
    assert response.status_code == 200, response.text
    PlannedExperiment.model_validate_json(response.content)
    planned: dict[str, Any] = response.json()
    return planned


def decide(client: TestClient, **fields: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - any JSON
    """The decisions for all customers, or as the fields say."""
    response = client.post("/v1/decisions", json={"experiment_id": "win-back", "customer_ids": IDS, **fields})
    assert response.status_code == 200, response.text
    DecisionsResponse.model_validate_json(response.content)
    decisions: list[dict[str, Any]] = response.json()["decisions"]
    return decisions


def test_a_dry_run_says_what_an_experiment_can_show_and_starts_nothing(client: TestClient, tmp_path: Path) -> None:
    write_orders(tmp_path)
    planned = client.post("/v1/experiments?start=false", json=RECORD).json()
    plan = planned["plan"]
    assert (planned["experiment"], plan["eligible"], plan["available"]) == (None, 38, 38)
    order, spend = plan["smallest_effects"]
    # Everybody orders with a chance of one half in 30 days.
    rate = 1 - 0.5 ** (28 / 30)
    assert order["baseline"] == pytest.approx(rate)
    # Both arms against control with Bonferroni: (2.2414 + 0.8416) x sqrt(p (1 - p) 6 / 38).
    assert order["absolute"] == pytest.approx(3.0830 * (rate * (1 - rate) * 6 / 38) ** 0.5, rel=1e-4)
    # Customer n is expected to spend n in 90 days. In the log c012, c020, c028 and c036 spent 40 each: the mean is
    # 160 / 38, and the variance for each unit of the mean is 40 - 160 / 38.
    mean = (sum(range(40)) - 3 - 4) / 38 * 28 / 90
    assert spend["baseline"] == pytest.approx(mean)
    assert spend["absolute"] == pytest.approx(3.0830 * (mean * (40 - 160 / 38) * 6 / 38) ** 0.5, rel=1e-4)
    assert plan["maturity"][0] == {
        "metric": "order_28d",
        "first_on": "2026-12-20",
        "last_decision_on": "2027-01-03",
        "in_time": True,
    }
    assert client.get("/v1/experiments").json() == {"experiments": []}
    assert not (tmp_path / "experiments").exists()


def test_a_plan_says_what_comes_too_late(client: TestClient) -> None:
    plan = start(client, ends_on="2026-12-10")["plan"]
    assert not plan["maturity"][0]["in_time"]
    assert plan["smallest_effects"][0]["reason"] == "no outcome is complete by the end"
    assert plan["notes"][0] == (
        "order_28d does not mature in time: a decision of 2026-11-21 counts on 2026-12-20, and the experiment ends on "
        "2026-12-10. Choose a later end, or a shorter window."
    )


def test_a_plan_says_which_experiments_share_customers(client: TestClient, tmp_path: Path) -> None:
    record_global_holdout(tmp_path, GlobalHoldout(0.2, "2026-H2", date(2027, 1, 1)), 1)
    gold = {"filter": {"column": "value_tier", "equals": "gold"}}
    start(client, id="gold", eligible=gold)
    start(client, id="group", excludes="win-back")
    plan = start(client, excludes="win-back")["plan"]
    gold_shared, group = plan["shares_customers_with"]
    assert (gold_shared["experiment_id"], gold_shared["excluded"]) == ("gold", False)
    assert 1 <= gold_shared["customers"] <= 20
    assert group == {"experiment_id": "group", "excluded": True, "customers": 0}
    drawn = [decision for decision in decide(client) if decision["reason"] == "drawn"]
    assert plan["available"] == len(drawn) < 38
    assert plan["global_holdout"] == {
        "name": "2026-H2", "share": 0.2, "until": "2027-01-01", "metric": "order_28d",
        "half_width": pytest.approx(1.96 * (0.5 ** (28 / 30) / (1 - 0.5 ** (28 / 30)) / 38 * (5 + 1.25)) ** 0.5),
    }  # fmt: skip


def test_decisions_over_http_are_logged_counted_and_repeated(shop: Shop, client: TestClient) -> None:
    start(client)
    first = decide(client)
    reasons = {decision["customer_id"]: decision["reason"] for decision in first}
    assert reasons == {id_: "no_consent" if id_ in {"c003", "c004"} else "drawn" for id_ in IDS}
    assert decide(client) == first
    stored = shop.worker.decision_log.find([decision["decision_id"] for decision in first if decision["arm"]])
    assert [row.arm for row in stored if row] == [decision["arm"] for decision in first if decision["arm"]]
    metrics = client.get("/metrics").text
    assert 'flywheel_decisions_total{experiment="win-back",reason="drawn"} 76.0' in metrics
    assert 'flywheel_decisions_total{experiment="win-back",reason="no_consent"} 4.0' in metrics


def test_the_hold_out_of_the_audience_that_customers_come_from_draws_no_arm(client: TestClient) -> None:
    audience = post_audience(client, holdout={"share": 0.3, "name": "autumn"})
    start(client)
    decisions = decide(client, audience_id=audience["audience_id"])
    held_out = [decision["customer_id"] for decision in decisions if decision["reason"] == "audience_holdout"]
    assert len(held_out) >= audience["holdout_count"] - 2
    assert held_out
    response = client.post(
        "/v1/decisions", json={"experiment_id": "win-back", "customer_ids": ["c001"], "audience_id": "nothing"}
    )
    assert response.status_code == 404


def test_changes_are_answered_and_audited(client: TestClient, tmp_path: Path) -> None:
    started = start(client)["experiment"]
    assert started["status"] == "running"
    assert started["epoch"]["probabilities"][""] == pytest.approx({"none": 1 / 3, "five": 1 / 3, "ten": 1 / 3})
    removed = client.post("/v1/experiments/win-back/arms/ten/remove").json()
    assert removed["removed_arms"] == ["ten"]
    assert removed["epoch"]["probabilities"] == {"": {"none": 0.5, "five": 0.5, "ten": 0.0}}
    extended = client.post("/v1/experiments/win-back/extend", json={"ends_on": "2027-03-01"}).json()
    assert (extended["ends_on"], extended["looks"]) == ("2027-03-01", ["2027-02-01"])
    assert client.post("/v1/experiments/win-back/stop").json()["status"] == "stopped"
    assert client.post("/v1/experiments/win-back/stop").json()["status"] == "stopped"
    listed = client.get("/v1/experiments")
    assert ExperimentsResponse.model_validate_json(listed.content).experiments[0].status == "stopped"
    assert client.get("/v1/experiments/win-back").json() == listed.json()["experiments"][0]
    lines = [
        (line["action"], line.get("change"), line.get("arm") or line.get("ends_on"))
        for line in audit_lines(tmp_path)
        if line.get("experiment") == "win-back"
    ]
    assert lines == [
        ("experiment_started", None, None),
        ("experiment_changed", "remove_arm", "ten"),
        ("experiment_changed", "extend", "2027-03-01"),
        ("experiment_changed", "stop", None),
    ]


def test_the_same_record_again_is_the_same_experiment(client: TestClient, tmp_path: Path) -> None:
    assert start(client)["experiment"] == start(client)["experiment"]
    assert [line["action"] for line in audit_lines(tmp_path)].count("experiment_started") == 1
    other = client.post("/v1/experiments", json={**RECORD, "ends_on": "2027-05-01"})
    assert (other.status_code, "a record is frozen from its start" in other.json()["detail"]) == (409, True)


@pytest.mark.parametrize(
    ("fields", "field", "reason"),
    [
        ({"arms": RECORD["arms"][:1]}, "arms", "expected at least 2 values"),  # type: ignore[index]
        ({"ends_on": "2026-11-21"}, "ends_on", "Found 2026-11-21; expected a day after 2026-11-21. Choose a later one"),
        ({"who": 1}, "who", "Found an unknown field"),
        ({"ends_on": "0001-01-05"}, "ends_on", "found 0001-01-05; expected a day from 1970-01-01 to 9990-12-31"),
        (
            {"arms": [{"name": "a"}, {"name": "b"}, {"name": "c", "cost": 1e13}]},
            "arms[2].cost",
            "expected 1,000,000,000,000",
        ),
        ({"guardrails": [{"kind": "spend"}]}, "body", "found the guardrail spend_28d without a limit"),
        (
            {"guardrails": [{"kind": "event", "name": " Order", "at_most": 0.1}]},
            "body",
            "found an event with the name ' Order'; expected a visible one that is not the name of another kind",
        ),
        (
            {"eligible": {"filter": {"column": "churn_probability", "at_least": 10**30}}},
            "eligible.filter",
            "Found a value that JSON cannot express",
        ),
        ({"eligible": {"filter": {"column": "tier", "equals": 1}}}, "eligible.filter.column", "not a column"),
        ({"eligible": {"purpose": "fun"}}, "eligible.purpose", "expected profiling or marketing"),
        ({"segments": "churn_probability"}, "segments", "expected a column of words in the scores table"),
        (
            {"eligible": {"filter": {"not": {"any": [{"column": "customer_id", "in": ["c001"]}]}}}},
            "eligible.filter",
            "Found a condition on customer_id; expected conditions on other columns",
        ),
    ],
)
def test_a_record_that_cannot_be_meant_is_refused(
    client: TestClient, tmp_path: Path, fields: dict[str, Any], field: str, reason: str
) -> None:
    for path in ("/v1/experiments", "/v1/experiments?start=false"):
        response = client.post(path, json={**RECORD, **fields})
        assert response.status_code == 422, response.text
        (error,) = response.json()["errors"]
        assert error["field"] == field
        assert reason in error["reason"]
    assert not (tmp_path / "experiments").exists()


@pytest.mark.parametrize(
    ("path", "status", "detail"),
    [
        ("arms/none/remove", 409, "Found the control none; expected another arm"),
        (
            "arms/twenty/remove",
            409,
            "Found no arm 'twenty' in the experiment win-back; expected one of none, five",
        ),
    ],
)
def test_an_arm_that_cannot_go_stays(client: TestClient, path: str, status: int, detail: str) -> None:
    start(client)
    response = client.post(f"/v1/experiments/win-back/{path}")
    assert response.status_code == status
    assert detail in response.json()["detail"]


def test_the_last_two_arms_stay(client: TestClient) -> None:
    start(client)
    assert client.post("/v1/experiments/win-back/arms/ten/remove").status_code == 200
    assert client.post("/v1/experiments/win-back/arms/ten/remove").status_code == 200
    response = client.post("/v1/experiments/win-back/arms/five/remove")
    assert (response.status_code, "Found two arms left" in response.json()["detail"]) == (409, True)


@pytest.mark.parametrize("cost", ["1e999", "Infinity", "NaN"])
def test_a_number_that_json_cannot_express_is_in_no_record(client: TestClient, cost: str) -> None:
    body = json.dumps(RECORD).replace("1.2", cost)
    response = client.post("/v1/experiments", content=body, headers={"Content-Type": "application/json"})
    assert (response.status_code, response.json()["errors"][0]["field"]) == (422, "arms[2].cost")
    assert client.get("/v1/experiments").json() == {"experiments": []}


def test_an_end_that_was_moved_meanwhile_does_not_move_back(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(client)
    earlier = ExperimentFolder.append_change

    def append_after_another(folder: ExperimentFolder, id_: str, change: Change, check: Any = None) -> Any:  # noqa: ANN401 - as the method
        monkeypatch.setattr(ExperimentFolder, "append_change", earlier)
        earlier(folder, id_, Change(kind="extend", at=1, actor="else", ends_on=date(2027, 5, 1)))
        return folder.append_change(id_, change, check)

    monkeypatch.setattr(ExperimentFolder, "append_change", append_after_another)
    assert client.post("/v1/experiments/win-back/extend", json={"ends_on": "2027-03-01"}).status_code == 422
    assert client.get("/v1/experiments/win-back").json()["ends_on"] == "2027-05-01"


def test_an_end_moves_to_a_later_day_alone(client: TestClient) -> None:
    start(client)
    for day in ("2027-01-31", "2020-01-01"):
        response = client.post("/v1/experiments/win-back/extend", json={"ends_on": day})
        assert response.status_code == 422
        assert f"Found {day}; expected a day after 2027-02-01" in response.text
    client.post("/v1/experiments/win-back/stop")
    assert client.post("/v1/experiments/win-back/extend", json={"ends_on": "2027-05-01"}).status_code == 409


def test_no_experiment_is_not_found(client: TestClient) -> None:
    for path in ("", "/stop", "/arms/a/remove"):
        method = "POST" if path else "GET"
        assert client.request(method, f"/v1/experiments/nothing{path}").status_code == 404
    assert client.post("/v1/decisions", json={"experiment_id": "nothing", "customer_ids": ["a"]}).status_code == 404
    assert client.post("/v1/decisions", json={"experiment_id": "../x", "customer_ids": ["a"]}).status_code == 422
    assert client.post("/v1/experiments?start=no", json=RECORD).status_code == 422


def test_an_erased_customer_is_in_no_decision_any_more(shop: Shop, client: TestClient) -> None:
    start(client)
    (first,) = decide(client, customer_ids=["c001"])
    assert client.delete("/v1/customers/c001").json()["removed"]["decisions"] == 1
    (second,) = decide(client, customer_ids=["c001"])
    assert (first["reason"], second["reason"], second["decision_id"]) == ("drawn", "unknown_customer", None)
    assert shop.worker.decision_log.find([first["decision_id"]]) == [None]


def test_an_experiment_holds_no_customer_id(client: TestClient, tmp_path: Path) -> None:
    start(client)
    decide(client)
    files = [path for path in (tmp_path / "experiments").rglob("*") if path.is_file()]
    assert len(files) >= 3
    assert [path.name for path in files if b"c001" in path.read_bytes()] == []
    assert b"c001" not in (tmp_path / "audit.jsonl").read_bytes()
