"""Learn command: the options and the output of ``flywheel learn``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import typer

from pipelines.cli.command_context import INCOMPLETE_STATUS, create_run_context, current_time, load_config, locked_home
from pipelines.cli.console import CommandConsole
from pipelines.cli.options import AsOf, Config, HomeDir, Json
from pipelines.cli.tables import titled_table

if TYPE_CHECKING:
    from pipelines.steps.learn import LearnSummary
    from training.experiments.result_schema import (
        ArmResult,
        Band,
        EffectEstimate,
        ExperimentResults,
        GuardrailResult,
    )


def learn(
    context: typer.Context,
    *,
    config: Config = None,
    home: HomeDir = None,
    as_of: AsOf = None,
    json: Json = False,
) -> None:
    """Learn from what was sent: the results of all experiments, and the next probabilities of adaptive ones.

    Exit status 3: an experiment could not be read.
    """
    from pipelines.steps import ingest
    from pipelines.steps import learn as step

    with locked_home("learn", home, json=json) as (console, locked):
        shop_config, now = load_config(config), current_time(context)
        ingest.run(shop_config, locked, now, console.report)
        run_context = create_run_context(shop_config, locked, as_of, console, now)
        summary = step.run(run_context)
        LearnConsole(json_output=json).show_learning(summary)
    if summary.failures:
        raise typer.Exit(INCOMPLETE_STATUS)


class LearnConsole(CommandConsole):
    """Prints the results of experiments."""

    def show_learning(self, summary: LearnSummary) -> None:
        """Print each experiment with its arms, or why it shows nothing yet."""
        if self._json_output:
            self._print_json({
                "experiments": [result.model_dump(mode="json", exclude={"daily"}) for result in summary.results],
                "epochs": {name: epoch.probabilities for name, epoch in summary.epochs.items()},
                "failures": summary.failures,
            })  # fmt: skip
            return
        if not summary.results and not summary.failures:
            self._out.print("No experiment was started: `flywheel experiment start FILE` starts one.")
        for result in summary.results:
            self._show_experiment(result)
        for name, reason in summary.failures.items():
            self._out.print(f"{name}: no results: {reason}")
        if summary.scorecards is not None:
            self._out.print(summary.scorecards.sentence())

    def _show_experiment(self, result: ExperimentResults) -> None:
        status = result.status.replace("_", " ")
        counts = f"{result.matured:,} of {result.decided:,} customers matured"
        columns = ("arm", "matured", "mean", "effect", "interval", "band", "verdict")
        table = titled_table(f"{result.experiment_id}, {result.metric}: {status}, {counts}", *columns)
        for arm in result.arms:
            table.add_row(*_cells(arm))
        self._out.print(table)
        self._out.print(result.detail, soft_wrap=True, markup=False)
        for line in _guardrail_lines(result.guardrails):
            self._out.print(line, soft_wrap=True, markup=False)


def _cells(arm: ArmResult) -> list[str]:
    numbers = [
        "" if value is None else _format(value) for value in (arm.mean, arm.effect.value if arm.effect else None)
    ]
    name = f"{arm.name} (control)" if arm.control else arm.name
    return [name, f"{arm.matured:,}", *numbers, _range(arm.effect), _range(arm.band), arm.decision or ""]


def _range(interval: EffectEstimate | Band | None) -> str:
    return "" if interval is None else f"{_format(interval.low)} to {_format(interval.high)}"


def _guardrail_lines(guardrails: Sequence[GuardrailResult]) -> Iterator[str]:
    for guardrail in guardrails:
        status = guardrail.status or (guardrail.refusal.reason if guardrail.refusal else "unclear")
        yield f"Guardrail {guardrail.metric}, {guardrail.limit}: {status.replace('_', ' ')} for {guardrail.arm}."


def _format(value: float) -> str:
    """Four decimals below 10, because effects on rates are small; else two."""
    return f"{value:.4f}" if abs(value) < 10 else f"{value:,.2f}"
