"""Results by arm: counts, effects at a look, and the band that holds at all times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.experiments.estimators.arm_estimates import ArmEstimates, Effect
from training.experiments.estimators.estimation import estimate_metric, is_mature_for
from training.experiments.result_schema import (
    ArmResult,
    Band,
    EffectEstimate,
    RefusalRecord,
    SegmentArm,
    SegmentResult,
)
from training.experiments.results.looks import ALPHA
from training.experiments.results.refusals import refuse_arm
from training.experiments.sequential.confidence_sequence import band_multiplier
from training.experiments.units import Units


@dataclass(frozen=True)
class ArmComparison:
    """The arms of one metric with their estimates, and the refusals of those that have none."""

    units: Units
    label: str
    estimates: ArmEstimates
    control: int
    refusals: dict[int, RefusalRecord]  # by position of the arm

    @classmethod
    def of(cls, units: Units, label: str, control: int) -> ArmComparison:
        """Estimate a metric in every arm, and check what may be stated."""
        refusals = {arm: refuse_arm(units, label, arm) for arm in range(len(units.arms)) if arm != control}
        records = {arm: RefusalRecord.of(refusal) for arm, refusal in refusals.items() if refusal}
        return cls(units, label, estimate_metric(units, label), control, records)

    @property
    def compared_arms(self) -> list[int]:
        """The positions of the arms whose effect may be stated."""
        return [arm for arm in range(len(self.units.arms)) if arm != self.control and arm not in self.refusals]

    @property
    def statistics(self) -> dict[str, float]:
        """The z statistic of each arm whose effect may be stated."""
        return {self.units.arms[arm]: self.estimates.difference(arm, self.control).z for arm in self.compared_arms}

    def effect(self, arm: int, bound: float) -> EffectEstimate:
        """The difference of an arm from control with the interval of a bound."""
        control_mean = float(self.estimates.means[self.control])
        return effect_estimate(self.estimates.difference(arm, self.control), bound, control_mean, self.estimates.method)

    def band(self, arm: int) -> Band:
        """The confidence sequence of the difference, with alpha divided among all arms (Bonferroni)."""
        effect = self.estimates.difference(arm, self.control)
        matured = int(is_mature_for(self.units, self.label).sum())
        width = float(band_multiplier(matured, ALPHA / (len(self.units.arms) - 1))) * effect.standard_error
        return Band(value=effect.value, low=effect.value - width, high=effect.value + width)


def effect_estimate(effect: Effect, bound: float, control_mean: float, method: str) -> EffectEstimate:
    """An effect as the results have it."""
    low, high = effect.interval(bound)
    relative = effect.value / control_mean if control_mean else None
    return EffectEstimate(value=effect.value, low=low, high=high, relative=relative, method=method)


def count_arms(units: Units, label: str, control: int | None) -> list[ArmResult]:
    """The arms with the numbers of their customers and nothing else."""
    mature = is_mature_for(units, label)
    return [
        ArmResult(
            name=name,
            control=position == control,
            decided=int((units.arm == position).sum()),
            matured=int((mature & (units.arm == position)).sum()),
        )
        for position, name in enumerate(units.arms)
    ]


def band_arms(comparison: ArmComparison) -> list[ArmResult]:
    """The arms with their conversions and bands, or refusals."""
    values, arm = comparison.units.values[comparison.label], comparison.units.arm
    return [
        counted.model_copy(
            update={
                "conversions": int(np.count_nonzero(values[arm == position] > 0)),
                "band": comparison.band(position) if position in comparison.compared_arms else None,
            }
            if position not in comparison.refusals
            else {"refusal": comparison.refusals[position]}
        )
        for position, counted in enumerate(count_arms(comparison.units, comparison.label, comparison.control))
    ]


def look_arms(comparison: ArmComparison, bound: float, decided: list[str]) -> list[ArmResult]:
    """The arms as a declared look has them: means, effects, probabilities of being the best, and what is decided."""
    means, best = comparison.estimates.means, comparison.estimates.probability_best()
    arms = []
    for position, result in enumerate(band_arms(comparison)):
        stated = position in comparison.compared_arms or (position == comparison.control and comparison.compared_arms)
        update: dict[str, object] = {}
        if stated:
            update = {"mean": float(f"{means[position]:.9g}"), "probability_best": float(f"{best[position]:.9g}")}
        if position in comparison.compared_arms:
            effect = comparison.effect(position, bound)
            update["effect"] = effect
            if result.name in decided:
                update["decision"] = "better" if effect.value > 0 else "worse"
        arms.append(result.model_copy(update=update))
    return arms


def segment_results(units: Units, label: str, control: int, bound: float) -> list[SegmentResult]:
    """The effects in each segment, each from its own customers alone."""
    results = []
    for position, name in enumerate(units.segments):
        comparison = ArmComparison.of(units.select(units.segment == position), label, control)
        counted = count_arms(comparison.units, label, control)
        arms = [
            SegmentArm(
                name=units.arms[arm],
                matured=counted[arm].matured,
                effect=comparison.effect(arm, bound) if arm in comparison.compared_arms else None,
                refusal=comparison.refusals.get(arm),
            )
            for arm in range(len(units.arms))
            if arm != control
        ]
        results.append(SegmentResult(segment=name, arms=tuple(arms)))
    return results
