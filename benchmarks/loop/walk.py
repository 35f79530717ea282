"""Walk of the loop: audience, experiment, decisions, outcomes, results, next probabilities, retraining, scorecard."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from starlette.testclient import TestClient

from benchmarks.loop.planted_effect import PlantedLog
from benchmarks.loop.shop import LoopShop, ask

START = date(2017, 8, 7)
WEEK = timedelta(days=7)
ASKED_ON = tuple(START + week * WEEK for week in range(6))
ENDS_ON = START + 7 * WEEK
RESULTS_ON = ENDS_ON + WEEK + timedelta(days=1)
PLANTED = {"none": 0.0, "five-off": 0.0, "ten-off": 0.25}  # the probability of a further basket, by arm
WITHIN_DAYS = 7
LEAVING = {"column": "churn_probability", "at_least": 0.1}
EXPERIMENT: Mapping[str, Any] = {
    "id": "win-back",
    "arms": [{"name": "none", "control": True}, {"name": "five-off", "cost": 5}, {"name": "ten-off", "cost": 10}],
    "eligible": {"filter": LEAVING, "purpose": "marketing", "channel": "email"},
    "allocation": {"kind": "adaptive", "floor": 0.1},
    "outcome": {"kind": "order", "within_days": WITHIN_DAYS},
    "guardrails": [{"kind": "event", "name": "unsubscribe", "within_days": WITHIN_DAYS, "at_most": 0.05}],
    "looks": [str(START + 4 * WEEK)],
    "ends_on": str(ENDS_ON),
}
UNSUBSCRIBES = 3  # of the first week's treated customers


@dataclass(frozen=True)
class WeekOfDecisions:
    """The decisions of one day."""

    day: date
    probabilities: Mapping[str, float]  # in force, by arm
    arms: Mapping[str, int]  # customers who got each arm that day
    planted: int  # baskets that were added for them


@dataclass
class Walk:
    """What the walk saw, for the page: answers of the service, and what commands printed."""

    audience: Mapping[str, Any] = field(default_factory=dict)
    plan: Mapping[str, Any] = field(default_factory=dict)
    decisions: Sequence[Mapping[str, Any]] = ()
    repeated: bool = False  # whether the repeated request got the same answer
    weeks: list[WeekOfDecisions] = field(default_factory=list)
    learned: str = ""  # by `flywheel learn`, in the middle
    results: Mapping[str, Any] = field(default_factory=dict)
    treated_windows: Mapping[str, int] = field(default_factory=dict)  # in the training of the next release
    uplift: Mapping[str, Any] = field(default_factory=dict)  # what the next release learned from the experiment
    scorecards: str = ""
    erased: Mapping[str, Any] = field(default_factory=dict)


def walk_the_loop(shop: LoopShop, report: Callable[[str], None]) -> Walk:
    """Walk through the whole loop with the clock set to each day in turn."""
    walk = Walk()
    report("writing the log and training the first release")
    shop.write_log()
    shop.command("run", "--as-of", START.isoformat())
    _start_experiment(walk, shop)
    log = PlantedLog(shop.orders)
    for day in ASKED_ON:
        report(f"deciding on {day}")
        if day != START:
            walk.learned = shop.command("learn", "--as-of", day.isoformat())
            shop.command("publish", "--as-of", day.isoformat())
            shop.command("score", "--as-of", day.isoformat())
        with shop.service(day) as client:
            _decide(walk, shop, client, day, log)
    report("judging the experiment")
    shop.command("learn", "--as-of", RESULTS_ON.isoformat())
    walk.results = _read_results(shop)
    report("training again")
    shop.command("run", "--as-of", RESULTS_ON.isoformat())
    manifest = json.loads((shop.home.releases / str(shop.home.champion()) / "release.json").read_text())
    walk.treated_windows, walk.uplift = manifest["treated_windows"], manifest["metadata"]["uplift"]
    walk.scorecards = shop.command("scorecards")
    report("erasing a customer")
    with shop.service(RESULTS_ON) as client:
        walk.erased = ask(client, "DELETE", f"/v1/customers/{walk.decisions[0]['customer_id']}")
    shop.command("learn", "--as-of", RESULTS_ON.isoformat())
    walk.erased = {**walk.erased, "erased_since": _read_results(shop)["erased_since"]}
    return walk


def _start_experiment(walk: Walk, shop: LoopShop) -> None:
    """Count the audience, plan the experiment and start it."""
    with shop.service(START) as client:
        request = {"filter": LEAVING, "purpose": "marketing", "channel": "email"}
        walk.audience = ask(client, "POST", "/v1/audiences", request)
        walk.plan = ask(client, "POST", "/v1/experiments?start=false", EXPERIMENT)["plan"]
        ask(client, "POST", "/v1/experiments", EXPERIMENT)


def _read_results(shop: LoopShop) -> Mapping[str, Any]:
    with shop.service(RESULTS_ON) as client:
        return ask(client, "GET", f"/v1/experiments/{EXPERIMENT['id']}/results")


def _decide(walk: Walk, shop: LoopShop, client: TestClient, day: date, log: PlantedLog) -> None:
    """Ask about all who are eligible on a day, plant what their arms do, and record some outcomes."""
    eligible = _eligible_customers(client)
    request = {"experiment_id": EXPERIMENT["id"], "customer_ids": eligible}
    decisions = ask(client, "POST", "/v1/decisions", request)["decisions"]
    today = [decision for decision in decisions if decision["decided_at"] and decision["decided_at"][:10] == str(day)]
    experiment = ask(client, "GET", f"/v1/experiments/{EXPERIMENT['id']}")
    added = 0
    for arm, probability in PLANTED.items():
        households = [int(decision["customer_id"]) for decision in today if decision["arm"] == arm]
        added += log.add_baskets(households, shop.opening(day), probability, WITHIN_DAYS) if probability else 0
    walk.weeks.append(
        WeekOfDecisions(
            day, experiment["epoch"]["probabilities"][""], Counter(decision["arm"] for decision in today), added
        )
    )
    if day == START:
        walk.decisions = decisions
        walk.repeated = ask(client, "POST", "/v1/decisions", request)["decisions"] == decisions
        _record_unsubscribes(client, shop, today)


def _eligible_customers(client: TestClient) -> list[str]:
    """The members of an audience with the filter of the experiment."""
    request = {"filter": LEAVING, "purpose": "marketing", "channel": "email", "columns": ["churn_probability"]}
    audience_id = ask(client, "POST", "/v1/audiences", request)["audience_id"]
    page = ask(client, "GET", f"/v1/audiences/{audience_id}/members?size=1000")
    return [member["customer_id"] for member in page["members"]]


def _record_unsubscribes(client: TestClient, shop: LoopShop, today: Sequence[Mapping[str, Any]]) -> None:
    """Some of the treated customers unsubscribe two days later; the last of them is sent twice."""
    treated = [decision for decision in today if decision["arm"] != "none"][:UNSUBSCRIBES]
    happened_at = (shop.opening(START) + timedelta(hours=2)).isoformat()
    outcomes = [
        {
            "outcome_id": f"unsubscribe-{decision['decision_id'][:8]}",
            "decision_id": decision["decision_id"],
            "kind": "unsubscribe",
            "happened_at": happened_at,
        }
        for decision in treated
    ]
    ask(client, "POST", "/v1/outcomes", {"outcomes": [*outcomes, outcomes[-1]]})
