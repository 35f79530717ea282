"""Looks of results: what a declared look shows, and which arms it decides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from training.experiments.estimators.estimation import is_mature_for
from training.experiments.result_schema import Look
from training.experiments.results.arms import ArmComparison, look_arms
from training.experiments.results.looks import ALPHA, LookPlan, decided_before
from training.experiments.sequential.holm import decided_arms


@dataclass(frozen=True)
class MadeLook:
    """A look that was made: its record, the bound of its intervals, and the arms decided so far."""

    look: Look
    bound: float  # of the z statistic, for all looks and all arms together (Bonferroni)
    decided: tuple[str, ...]
    control: str


def make_look(plan: LookPlan, day: date, comparison: ArmComparison) -> MadeLook:
    """Judge the arms on the day of a declared look, or at the end."""
    matured = int(is_mature_for(comparison.units, comparison.label).sum())
    schedule = plan.schedule(comparison.units, matured)
    before, comparisons = decided_before(plan.past), len(comparison.units.arms) - 1
    decided = decided_arms(comparison.statistics, schedule, ALPHA, before)
    bound = schedule.bound(ALPHA / comparisons)
    arms = [
        arm.model_copy(update={"decision": before.get(arm.name, arm.decision)})
        for arm in look_arms(comparison, bound, decided)
    ]
    look = Look(
        day=day,
        as_of=plan.as_of,
        end=day == plan.ends_on,
        matured=matured,
        share=schedule.shares[-1],
        spent_alpha=schedule.alpha_spent(ALPHA),
        bound=bound,
        arms=tuple(arms),
    )
    return MadeLook(look, bound, tuple(decided), comparison.units.arms[comparison.control])
