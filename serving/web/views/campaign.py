"""Campaign view: one experiment with its arms, looks, segments and checks, each number with its range."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal
from zoneinfo import ZoneInfo

from serving.schemas.experiments import ExperimentResponse
from serving.web.views.campaigns import CampaignRow, MetricView, campaign_row
from training.experiments.record.epochs import EVERYBODY
from training.experiments.result_schema import ArmResult, EffectEstimate, GuardrailResult, SegmentResult, StatedResults

SHARES = ("order", "event")  # metrics that are shown of 100 customers


@dataclass(frozen=True)
class ArmRow:
    """One arm: its customers and, at a declared look, its mean."""

    result: ArmResult
    probability: float | None  # with which it is drawn now
    is_removed: bool


@dataclass(frozen=True)
class EffectAtLook:
    """The difference between an arm and those held out at a declared look."""

    day: date
    value: float  # of 100 customers for a share, else per customer
    low: float
    high: float


@dataclass(frozen=True)
class FactorRow:
    """One of the two factors of spend per customer, and its difference from those held out."""

    name: Literal["orders_per_customer", "spend_per_order"]
    arm: str
    effect: EffectEstimate


@dataclass(frozen=True)
class CampaignView:
    """One experiment."""

    row: CampaignRow
    experiment: ExperimentResponse
    results: StatedResults
    arms: tuple[ArmRow, ...]
    looks: dict[str, tuple[EffectAtLook, ...]]  # by arm; only with more than one look
    segments: tuple[SegmentResult, ...]
    guardrails: dict[str, tuple[MetricView, tuple[GuardrailResult, ...]]]
    factors: tuple[FactorRow, ...]

    @property
    def is_alarmed(self) -> bool:
        """Whether the groups have other sizes than those that were drawn."""
        return self.results.sample_ratio is not None and self.results.sample_ratio.alarm

    @property
    def is_adaptive(self) -> bool:
        """Whether the probabilities follow the outcomes."""
        return self.experiment.record.allocation.kind == "adaptive"

    @property
    def best(self) -> tuple[ArmResult, ...]:
        """The arms with a probability of being the best, the highest first."""
        known = [arm for arm in self.results.arms if arm.probability_best is not None]
        return tuple(sorted(known, key=lambda arm: -(arm.probability_best or 0.0)))


def campaign_view(experiment: ExperimentResponse, results: StatedResults, zone: ZoneInfo) -> CampaignView:
    """The view of an experiment and its newest results."""
    in_force = experiment.epoch.probabilities.get(EVERYBODY, {})
    metrics = {metric.label: MetricView.of(metric) for metric in experiment.record.guardrails}
    return CampaignView(
        row=campaign_row(experiment, results, zone),
        experiment=experiment,
        results=results,
        arms=tuple(ArmRow(arm, in_force.get(arm.name), arm.name in experiment.removed_arms) for arm in results.arms),
        looks=_effects_by_look(results, 100.0 if experiment.record.outcome.kind in SHARES else 1.0),
        segments=results.segments,
        guardrails={
            label: (metric, tuple(result for result in results.guardrails if result.metric == label))
            for label, metric in metrics.items()
        },
        factors=tuple(
            FactorRow(
                "spend_per_order" if factor.metric.startswith("spend") else "orders_per_customer",
                factor.arm,
                factor.effect,
            )
            for factor in results.factors
        ),
    )


def _effects_by_look(results: StatedResults, scale: float) -> dict[str, tuple[EffectAtLook, ...]]:
    effects: dict[str, list[EffectAtLook]] = {}
    for look in results.looks:
        for arm in look.arms:
            if arm.effect is not None:
                point = EffectAtLook(
                    look.day, *(scale * end for end in (arm.effect.value, arm.effect.low, arm.effect.high))
                )
                effects.setdefault(arm.name, []).append(point)
    return {arm: tuple(points) for arm, points in effects.items() if len(points) > 1}
