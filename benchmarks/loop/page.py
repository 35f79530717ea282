"""Loop page: the walk as docs/tutorials/the-loop.md, with the output of one run."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from benchmarks.loop.walk import ASKED_ON, EXPERIMENT, LEAVING, PLANTED, RESULTS_ON, START, Walk
from benchmarks.reporting.markdown import table

_SHOWN_FIELDS = (
    "name",
    "control",
    "decided",
    "matured",
    "conversions",
    "mean",
    "effect",
    "probability_best",
    "decision",
)


def render_page(walk: Walk, at: datetime, commit: str) -> str:
    """The tutorial with what the walk saw."""
    parts = [*_introduction(at, commit), *_experiment(walk), *_decisions(walk), *_learning(walk), *_results(walk)]
    return "\n\n".join([*parts, *_afterwards(walk)]) + "\n"


def _introduction(at: datetime, commit: str) -> Iterator[str]:
    chance = PLANTED["ten-off"]
    yield "# The loop"
    yield _prose(
        "A campaign is sent, something happens, and the next campaign should "
        "know it. This tutorial walks once around the "
        "loop in the demo's shop: an audience, an experiment, decisions, "
        "outcomes, results, the next probabilities, "
        "retraining and scorecards."
    )
    yield _prose(
        "The orders are those of the demo. Nobody sent these households "
        "anything, so an effect is planted: a household that "
        f"gets the arm `ten-off` receives, with a probability of {chance:.2f}, a "
        "copy of its last basket within a week. The arm "
        "`five-off` changes nothing. So the right answers are known."
    )
    yield _prose(
        "`python -m benchmarks.loop` runs the walk again and writes this page. "
        "It sets the clock of the service to each day; "
        "in your shop the days pass by themselves, and `flywheel run` is the nightly job. "
        f"This output is of {at:%Y-%m-%d}, commit `{commit[:12]}`."
    )


def _experiment(walk: Walk) -> Iterator[str]:
    yield "## Choose whom, and say what will be judged"
    yield _prose(
        f"On {START}, release 1 has been trained and has scored everybody. The "
        "households that may be leaving are an audience:"
    )
    yield _request("audiences", {"filter": LEAVING, "purpose": "marketing", "channel": "email"})
    yield f"It has {walk.audience['count']:,} members. Write the experiment into `win-back.json`:"
    yield _json(EXPERIMENT)
    yield _prose(
        "`none` is the control arm: nobody there gets an offer, and they are "
        "asked about like everybody else. The split is "
        "adaptive, and no arm falls below 10 %. Ask first what the experiment can show:"
    )
    yield "```sh\nflywheel experiment plan win-back.json\n```"
    yield "The same over HTTP, `POST /v1/experiments?start=false`, answers:"
    yield _json({name: walk.plan[name] for name in ("eligible", "available", "smallest_effects", "notes")})
    yield _prose(
        "The smallest effect is that of an arm at its floor of 10 %. It gets "
        "smaller as an arm gets more customers. Start it:"
    )
    yield "```sh\nflywheel experiment start win-back.json\n```"


def _decisions(walk: Walk) -> Iterator[str]:
    ids = [decision["customer_id"] for decision in walk.decisions[:2]]
    yield "## Ask before sending"
    yield "Once a week the campaign system asks which arm each household of the audience gets, in one request:"
    yield _request("decisions", {"experiment_id": EXPERIMENT["id"], "customer_ids": [*ids, "..."]})
    yield _json({"decisions": list(walk.decisions[:2])})
    yield _prose(
        "The draw is a keyed hash, and the answer is in the log before it is "
        "sent. The same request again gets the same "
        f"answer{'' if walk.repeated else ' (not in this run)'}, and a household "
        "keeps its first arm for the whole experiment."
    )
    yield _prose(
        "Report to `POST /v1/outcomes` what your log of orders does not hold. Here three households unsubscribe in the "
        "first week, and one of the messages is sent twice, which changes nothing."
    )
    yield "## The probabilities follow the outcomes"
    yield _prose(
        "Every night `flywheel run` learns. A week after the first decisions it "
        "has seen enough orders, and the arm that works "
        "gets more of the new households. On each day only households without a decision are drawn:"
    )
    rows = [
        (
            str(week.day),
            *(f"{week.probabilities[arm]:.2f}" for arm in PLANTED),
            *(str(week.arms.get(arm, 0)) for arm in PLANTED),
            str(week.planted),
        )
        for week in walk.weeks
    ]
    heads = ("day", *(f"P({arm})" for arm in PLANTED), *PLANTED, "baskets planted")
    yield table(heads, rows)


def _learning(walk: Walk) -> Iterator[str]:
    day = ASKED_ON[-1]
    yield "## Look, but do not peek"
    yield "Between the declared looks the command shows a band that holds on any day, and no verdict:"
    yield f"```console\n$ flywheel learn --as-of {day}\n{_first_lines(walk.learned)}\n```"


def _results(walk: Walk) -> Iterator[str]:
    results = walk.results
    yield "## The result"
    yield f"The experiment ended on {EXPERIMENT['ends_on']}. On {RESULTS_ON} every window is over:"
    yield "```sh\ncurl -s localhost:3000/v1/experiments/win-back/results\n```"
    shown = {
        **{name: results[name] for name in ("status", "detail", "metric", "decided", "matured", "winner")},
        "arms": [{name: arm[name] for name in _SHOWN_FIELDS} for arm in results["arms"]],
        "guardrails": results["guardrails"],
    }
    yield _json(shown)
    ten_off = next(arm for arm in results["arms"] if arm["name"] == "ten-off")
    planted = sum(week.planted for week in walk.weeks) / ten_off["decided"]
    control = next(arm for arm in results["arms"] if arm["control"])
    truth, effect = planted * (1 - control["mean"]), ten_off["effect"]
    plain = {arm["name"]: arm["conversions"] / arm["matured"] for arm in results["arms"]}
    inside = "inside" if effect["low"] <= truth <= effect["high"] else "outside"
    yield _prose(
        "The truth: a planted basket turns a household without an order "
        "into one with an order, which is about "
        f"{planted:.2f} x (1 - {control['mean']:.2f}) = {truth:+.3f}. It lies "
        f"{inside} the interval from {effect['low']:+.3f} to "
        f"{effect['high']:+.3f}. The interval of `five-off`, which does nothing, "
        "contains 0. The effects are weighted by the logged "
        f"probabilities; the plain shares are {plain['ten-off']:.3f} and "
        f"{plain['none']:.3f}, and they mix weeks with different splits."
    )


def _afterwards(walk: Walk) -> Iterator[str]:
    yield "## Retrain, and judge the predictions"
    yield _prose(
        "A campaign that works makes a churn model look wrong, and a model that "
        "learns from it learns that the saved were safe. "
        "So training leaves out the windows in which a household was "
        "treated, and the scorecards judge the untreated:"
    )
    yield f"```console\n$ flywheel scorecards\n{_first_lines(walk.scorecards)}\n```"
    windows = walk.treated_windows
    yield _prose(
        f"The next `flywheel run` trained release 2. Of its {windows['windows']:,} label "
        f"windows, {windows['treated']:,} saw a treatment, and "
        f"{windows['left_out']:,} were left out. It also answers the fourth question, "
        "[uplift](../concepts/uplift.md): whom the offer "
        "changes. A planted basket adds most where no order was to be expected, so there is something to find:"
    )
    yield _json(
        {name: walk.uplift[name] for name in ("arm", "customers", "policy", "detail", "average_effect", "qini")}
    )
    yield "## Forget"
    yield _prose(
        f"A household that took part asks to be forgotten. Its rows leave every table, the results say that"
        f" {walk.erased['erased_since']} was erased\nsince, and the counts of the past stay."
    )
    yield _json({"removed": {name: count for name, count in walk.erased["removed"].items() if count}})
    yield _prose(
        "More: [run an experiment](../how-to/run-an-experiment.md), "
        "[results](../concepts/experiment-results.md), "
        "[watch the models](../how-to/watch-the-models.md)."
    )


def _prose(text: str) -> str:
    return textwrap.fill(text, 110, break_long_words=False, break_on_hyphens=False)


def _request(resource: str, body: Mapping[str, Any]) -> str:
    return (
        f"```sh\ncurl -s localhost:3000/v1/{resource} -H 'Content-Type: application/json' \\\n"
        f"  -d '{json.dumps(body)}'\n```"
    )


def _json(document: object) -> str:
    return f"```json\n{json.dumps(document, indent=2, ensure_ascii=False)}\n```"


def _first_lines(text: str, count: int = 12) -> str:
    lines = [line.rstrip() for line in text.rstrip().splitlines()]
    return "\n".join([*lines[:count], *(["..."] if len(lines) > count else [])])
