"""Experiment console: the output of ``flywheel experiment``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.cli.console import CommandConsole
from pipelines.cli.tables import titled_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from serving.schemas.experiments import ExperimentPlan, ExperimentResponse, PlannedExperiment, SmallestEffect


class ExperimentConsole(CommandConsole):
    """Prints plans and experiments."""

    def show_plan(self, plan: ExperimentPlan) -> None:
        """Print how many may take part, the smallest effects, and what to know."""
        if self._json_output:
            self._print_json(plan.model_dump(mode="json"))
            return
        self._show_plan(plan)

    def show_started(self, planned: PlannedExperiment) -> None:
        """Print the plan and the experiment that was started by it."""
        if self._json_output:
            self._print_json(planned.model_dump(mode="json"))
            return
        self._show_plan(planned.plan)
        if planned.experiment is not None:
            self._show_experiment(planned.experiment)

    def show_list(self, experiments: Sequence[ExperimentResponse]) -> None:
        """Print one row for each experiment."""
        if self._json_output:
            self._print_json({"experiments": [experiment.model_dump(mode="json") for experiment in experiments]})
            return
        if not experiments:
            self._out.print("This home has no experiments. Start one: flywheel experiment start FILE.")
            return
        shown = titled_table("experiments", "id", "status", "started", "ends", "arms", "outcome")
        for experiment in experiments:
            record = experiment.record
            shown.add_row(
                experiment.id,
                experiment.status,
                f"{experiment.started_at:%Y-%m-%d}",
                f"{experiment.ends_on}",
                ", ".join(record.arm_names),
                record.outcome.label,
            )
        self._out.print(shown)

    def show_experiment(self, experiment: ExperimentResponse) -> None:
        """Print one experiment."""
        if self._json_output:
            self._print_json(experiment.model_dump(mode="json"))
            return
        self._show_experiment(experiment)

    def _show_plan(self, plan: ExperimentPlan) -> None:
        self._out.print(f"{plan.eligible:,} customers are eligible; {plan.available:,} of them are available.")
        shown = titled_table("smallest effects", "metric", "customers", "mean", "smallest effect", "relative", "")
        for effect in plan.smallest_effects:
            shown.add_row(*_effect_cells(effect))
        self._out.print(shown)
        for maturity in plan.maturity:
            when = "in time" if maturity.in_time else "too late"
            self._out.print(
                f"{maturity.metric}: a decision of today counts on {maturity.first_on} ({when}); the last that counts "
                f"is made on {maturity.last_decision_on}.",
                soft_wrap=True,
            )
        for shared in plan.shares_customers_with:
            how = "they exclude each other" if shared.excluded else f"{shared.customers:,} customers in both"
            self._out.print(f"Runs beside {shared.experiment_id}: {how}.")
        holdout = plan.global_holdout
        if holdout is not None:
            power = "" if holdout.half_width is None else f"; it shows {holdout.metric} to +-{holdout.half_width:.0%}"
            self._out.print(f"The global hold-out {holdout.name} ({holdout.share:.1%}) is left out{power}.")
        for note in plan.notes:
            self._out.print(f"Note: {note}", soft_wrap=True, markup=False)

    def _show_experiment(self, experiment: ExperimentResponse) -> None:
        looks = ", ".join(map(str, experiment.looks)) or "none"
        self._out.print(
            f"{experiment.id} is {experiment.status}; it began {experiment.started_at:%Y-%m-%d} and ends "
            f"{experiment.ends_on}, looks before: {looks}.",
            soft_wrap=True,
        )
        segments = experiment.epoch.probabilities
        names = [segment or "everybody else" for segment in segments] if len(segments) > 1 else ["probability"]
        shown = titled_table(f"epoch {experiment.epoch.number} ({experiment.epoch.reason})", "arm", *names)
        for arm in experiment.record.arm_names:
            shown.add_row(arm, *(f"{values[arm]:.3f}" for values in segments.values()))
        self._out.print(shown)


def _effect_cells(effect: SmallestEffect) -> tuple[str, ...]:
    return (
        effect.metric,
        "" if effect.customers is None else f"{effect.customers:,}",
        _number(effect.baseline),
        _number(effect.absolute),
        "" if effect.relative is None else f"{effect.relative:.0%}",
        effect.reason or "",
    )


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
