"""Campaigns view: one row per experiment, with its verdict; a number never stands without its range."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal
from zoneinfo import ZoneInfo

from serving.schemas.experiments import ExperimentResponse
from training.experiments.record.experiment import Metric, MetricKind
from training.experiments.result_schema import EffectEstimate, StatedResults

VerdictKey = Literal[
    "winner",
    "better",
    "worse",
    "mixed",
    "no_difference",
    "undecided",
    "too_early_until",
    "too_early",
    "refused",
    "unreadable",
]


@dataclass(frozen=True)
class Verdict:
    """What can be said of an experiment in one sentence."""

    key: VerdictKey
    reason: str = ""  # of a refusal
    day: date | None = None  # on which more can be said
    arms: tuple[str, ...] = ()


@dataclass(frozen=True)
class MetricView:
    """What was measured: an order or an event for each customer, or orders or spend per customer."""

    kind: MetricKind
    within_days: int
    name: str | None = None

    @classmethod
    def of(cls, metric: Metric) -> MetricView:
        """The view of a metric of the record."""
        return cls(metric.kind, metric.within_days, metric.name)


@dataclass(frozen=True)
class ArmEffect:
    """The newest difference between an arm and those held out, with its 95 % range."""

    arm: str
    mean: float | None  # per customer
    control_mean: float | None
    effect: EffectEstimate
    day: date | None  # of the declared look that it was stated at
    decision: Literal["better", "worse"] | None


@dataclass(frozen=True)
class CampaignRow:
    """One experiment."""

    id: str
    status: Literal["running", "stopped", "ended"]
    started_on: date
    ends_on: date
    metric: MetricView
    sent: int | None  # customers who drew an arm other than control; None before the first nightly run
    held_out: int | None  # customers who drew control; None where no arm is one
    effects: tuple[ArmEffect, ...]
    verdict: Verdict


@dataclass(frozen=True)
class CampaignsView:
    """The list of experiments, the newest first."""

    rows: tuple[CampaignRow, ...]


def campaign_row(experiment: ExperimentResponse, results: StatedResults | None, zone: ZoneInfo) -> CampaignRow:
    """The row of an experiment and its newest results; None are damaged ones."""
    control, arms = experiment.record.control, () if results is None else results.arms
    return CampaignRow(
        id=experiment.id,
        status=experiment.status,
        started_on=experiment.started_at.astimezone(zone).date(),
        ends_on=experiment.ends_on,
        metric=MetricView.of(experiment.record.outcome),
        sent=sum(arm.decided for arm in arms if not arm.control) if arms else None,
        held_out=None if control is None else next((arm.decided for arm in arms if arm.control), None),
        effects=() if results is None else newest_effects(results),
        verdict=Verdict("unreadable") if results is None else verdict_of(results),
    )


def newest_effects(results: StatedResults) -> tuple[ArmEffect, ...]:
    """The effects of the newest declared look that stated any; none before."""
    stated = [(None, results.arms), *((look.day, look.arms) for look in reversed(results.looks))]
    for day, arms in stated:
        control = next((arm.mean for arm in arms if arm.control), None)
        effects = tuple(
            ArmEffect(arm.name, arm.mean, control, arm.effect, day, arm.decision)
            for arm in arms
            if arm.effect is not None
        )
        if effects and not _is_alarmed(results):
            return effects
    return ()


def verdict_of(results: StatedResults) -> Verdict:
    """The verdict: a refusal with its reason, or what the newest declared look shows."""
    if results.status in ("not_yet", "not_identified"):
        return _refusal(results)
    if results.winner is not None:
        return Verdict("winner", arms=(results.winner,))
    decided = {decision: _arms_with(newest_effects(results), decision) for decision in ("better", "worse")}
    if all(decided.values()):
        return Verdict("mixed", arms=(*decided["better"], *decided["worse"]))
    if decided["better"]:
        return Verdict("better", arms=decided["better"])
    if decided["worse"]:
        return Verdict("worse", arms=decided["worse"])
    return Verdict("no_difference") if results.status == "ended" else Verdict("undecided", day=results.next_look)


def _refusal(results: StatedResults) -> Verdict:
    if results.reason == "not_mature":
        return Verdict("too_early_until" if results.matures_on else "too_early", day=results.matures_on)
    return Verdict("refused", reason=results.reason or "too_few", day=results.next_look)


def _arms_with(effects: Sequence[ArmEffect], decision: str) -> tuple[str, ...]:
    return tuple(effect.arm for effect in effects if effect.decision == decision)


def _is_alarmed(results: StatedResults) -> bool:
    return results.sample_ratio is not None and results.sample_ratio.alarm
