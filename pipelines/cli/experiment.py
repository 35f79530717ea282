"""Experiment commands: ``flywheel experiment`` plans, starts, lists, shows, stops and extends experiments."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.command_context import current_time, exit_on_error, resolve_home
from pipelines.cli.experiment_console import ExperimentConsole
from pipelines.cli.options import HomeDir, Json, parse_day

if TYPE_CHECKING:
    from pipelines.steps.experiment import ExperimentStep

app = typer.Typer(help="Experiments: plan, start, list, show, stop, extend, and take an arm out.", no_args_is_help=True)
RecordFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="A JSON file with the record, the body of POST /v1/experiments.")
]
ExperimentId = Annotated[str, typer.Argument(metavar="ID", help="The id of the experiment.")]


@app.command()
def plan(context: typer.Context, *, file: RecordFile, home: HomeDir = None, json: Json = False) -> None:
    """Say what an experiment can show, how many may take part, and when; nothing is started."""
    from pipelines.steps.experiment import read_record

    console = ExperimentConsole(json_output=json)
    with exit_on_error(console):
        record = read_record(file)
        console.show_plan(_step(context, home).plan(record))


@app.command()
def start(context: typer.Context, *, file: RecordFile, home: HomeDir = None, json: Json = False) -> None:
    """Start an experiment, and say what it can show; its record is frozen from then on."""
    from pipelines.steps.experiment import read_record

    console = ExperimentConsole(json_output=json)
    with exit_on_error(console):
        record = read_record(file)
        console.show_started(_step(context, home).start(record))


@app.command("list")
def list_experiments(context: typer.Context, *, home: HomeDir = None, json: Json = False) -> None:
    """List all experiments, the first started first."""
    console = ExperimentConsole(json_output=json)
    with exit_on_error(console):
        console.show_list(_step(context, home).list_all())


@app.command()
def show(context: typer.Context, *, experiment_id: ExperimentId, home: HomeDir = None, json: Json = False) -> None:
    """Show an experiment: its arms with their probabilities, its looks and its changes."""
    console = ExperimentConsole(json_output=json)
    with exit_on_error(console):
        console.show_experiment(_step(context, home).read(experiment_id))


@app.command()
def stop(context: typer.Context, *, experiment_id: ExperimentId, home: HomeDir = None, json: Json = False) -> None:
    """Stop an experiment for good: nobody gets an arm any more, and its results stay."""
    console = ExperimentConsole(json_output=json)
    with exit_on_error(console):
        console.show_experiment(_step(context, home).stop(experiment_id))


@app.command()
def extend(
    context: typer.Context,
    *,
    experiment_id: ExperimentId,
    ends_on: Annotated[date, typer.Argument(metavar="DAY", parser=parse_day, help="The new end, a later day.")],
    home: HomeDir = None,
    json: Json = False,
) -> None:
    """Move the end of an experiment to a later day; the former end becomes a declared look."""
    console = ExperimentConsole(json_output=json)
    with exit_on_error(console):
        console.show_experiment(_step(context, home).extend(experiment_id, ends_on))


@app.command("remove-arm")
def remove_arm(
    context: typer.Context,
    *,
    experiment_id: ExperimentId,
    arm: Annotated[str, typer.Argument(metavar="ARM", help="The name of the arm.")],
    home: HomeDir = None,
    json: Json = False,
) -> None:
    """Take an arm out of an experiment: nobody gets it any more, and the others share its customers."""
    console = ExperimentConsole(json_output=json)
    with exit_on_error(console):
        console.show_experiment(_step(context, home).remove_arm(experiment_id, arm))


def _step(context: typer.Context, home: Path | None) -> ExperimentStep:
    from pipelines.steps.experiment import ExperimentStep

    resolved = resolve_home(home)
    resolved.require_folder()
    return ExperimentStep(resolved, current_time(context))
