"""Command line: the commands of ``flywheel``, and the only place that reads the clock."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from features.storage.private_files import keep_new_files_private
from pipelines.cli import audit, experiment, export, feedback, keys
from pipelines.cli import config as config_commands
from pipelines.cli import home as home_commands
from pipelines.cli.as_of import resolve_as_of
from pipelines.cli.attribution import attribution
from pipelines.cli.audience import audience
from pipelines.cli.backup import backup
from pipelines.cli.columns import columns
from pipelines.cli.command_context import GATE_REJECTED_STATUS, create_run_context, load_config, locked_home
from pipelines.cli.completion import completion
from pipelines.cli.console import CommandConsole, capture_warnings
from pipelines.cli.doctor import doctor
from pipelines.cli.effect import effect
from pipelines.cli.explain import explain
from pipelines.cli.forget import forget
from pipelines.cli.growth import growth
from pipelines.cli.init import init
from pipelines.cli.learn import learn
from pipelines.cli.options import AcceptSilence, AsOf, Config, HomeDir, Json, NoPromote, Origins, Out
from pipelines.cli.promote import promote
from pipelines.cli.restore import restore
from pipelines.cli.scorecards import scorecards
from pipelines.cli.serve import serve
from pipelines.cli.status import status
from pipelines.cli.ui import ui
from pipelines.cli.version import print_version
from pipelines.environment import unknown_variables
from pipelines.steps.silence import end_accepted_silence, end_silence, report_silence

if TYPE_CHECKING:
    from pipelines.home import Home
    from pipelines.run_context import RunContext

app = typer.Typer(
    name="flywheel",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
PIPELINE, EXPLORE, OPERATE = "From the log to predictions", "Look at the results", "Operate"


@app.callback()
def flywheel(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=print_version, is_eager=True, help="Print the version, and exit.")
    ] = False,
) -> None:
    """Churn, next purchase and lifetime value of every customer, from a raw order log.

    Begin with `flywheel init FILE` on an export of orders; then come `flywheel run` and `flywheel serve`.
    """


app.command(rich_help_panel=PIPELINE)(init)


@app.command(rich_help_panel=PIPELINE)
def readiness(
    *,
    config: Config = None,
    home: HomeDir = None,
    as_of: AsOf = None,
    accept_silence: AcceptSilence = False,
    json: Json = False,
) -> None:
    """Check the log, and report which questions it can answer today, at which horizons, and what is missing."""
    with locked_home("readiness", home, json=json) as (console, locked):
        context = _run_context(config, locked, as_of, console)
        context = end_accepted_silence(context, accepted=accept_silence)
        context.write_readiness()
        console.show_readiness(context)


@app.command(rich_help_panel=PIPELINE)
def run(  # noqa: PLR0913 -- each is an option of the command
    *,
    config: Config = None,
    home: HomeDir = None,
    as_of: AsOf = None,
    accept_silence: AcceptSilence = False,
    no_promote: NoPromote = False,
    out: Out = None,
    json: Json = False,
) -> None:
    """Do all steps: ingest, learn, publish, train, promote, score and growth.

    Exit status 3: the quality gate rejects the release, its newest test refutes it, it was rolled back before, or the
    log has stopped.
    """
    with locked_home("run", home, json=json) as (console, locked):
        shop_config = load_config(config)
        from pipelines.steps import run as step  # seconds, which a missing configuration need not wait for

        now = _now()
        day = resolve_as_of(as_of, shop_config.zone, now)
        summary = step.run(
            shop_config, locked, day, now, console.report, out, accept_silence=accept_silence, promotes=not no_promote
        )
        console.show_run_summary(summary)
    if summary.gate.refutations or summary.refusal:
        raise typer.Exit(GATE_REJECTED_STATUS)


@app.command(rich_help_panel=PIPELINE)
def ingest(*, config: Config = None, home: HomeDir = None, json: Json = False) -> None:
    """Check the raw log, and write it as the history that all other steps read."""
    from pipelines.steps import ingest as step

    with locked_home("ingest", home, json=json) as (console, locked):
        shop_config, now = load_config(config), _now()
        manifest = step.run(shop_config, locked, now, console.report)
        console.show_ingestion(manifest, create_run_context(shop_config, locked, None, console, now).plausibility)


@app.command(rich_help_panel=PIPELINE)
def publish(
    *,
    config: Config = None,
    home: HomeDir = None,
    as_of: AsOf = None,
    accept_silence: AcceptSilence = False,
    json: Json = False,
) -> None:
    """Compute features, and materialize them into the online store, from which the service answers."""
    from pipelines.steps import publish as step

    with locked_home("publish", home, json=json) as (console, locked):
        context = end_silence(_run_context(config, locked, as_of, console), accepted=accept_silence)
        console.show_publish_summary(step.run(context), context.as_of)


@app.command(rich_help_panel=PIPELINE)
def train(
    *,
    config: Config = None,
    home: HomeDir = None,
    as_of: AsOf = None,
    accept_silence: AcceptSilence = False,
    json: Json = False,
) -> None:
    """Back-test, fit and register a release; it serves only after `flywheel promote`."""
    from pipelines.steps import train as step

    with locked_home("train", home, json=json) as (console, locked):
        context = end_silence(_run_context(config, locked, as_of, console), accepted=accept_silence)
        console.show_trained_release(step.run(context), locked)


@app.command(rich_help_panel=PIPELINE)
def evaluate(
    *,
    config: Config = None,
    home: HomeDir = None,
    as_of: AsOf = None,
    accept_silence: AcceptSilence = False,
    origin: Origins = None,
    json: Json = False,
) -> None:
    """Back-test at past days (rolling origins), and compare with simple baselines; no release changes."""
    from pipelines.steps import evaluate as step

    with locked_home("evaluate", home, json=json) as (console, locked):
        context = _run_context(config, locked, as_of, console, tuple(origin or ()))
        console.show_backtest(step.run(end_silence(context, accepted=accept_silence)))


@app.command(rich_help_panel=PIPELINE)
def score(
    *,
    config: Config = None,
    home: HomeDir = None,
    as_of: AsOf = None,
    accept_silence: AcceptSilence = False,
    out: Out = None,
    json: Json = False,
) -> None:
    """Write the predictions and segments of every customer to one table, scores.parquet in the home."""
    from pipelines.steps import publish
    from pipelines.steps import score as step

    with locked_home("score", home, json=json) as (console, locked):
        shop_config, now = load_config(config), _now()
        day = as_of or publish.publication_day(locked)
        context = end_silence(create_run_context(shop_config, locked, day, console, now), accepted=accept_silence)
        report_silence(context)
        summary = step.run(shop_config, locked, context.now, console.report, out, now)
        context.write_log_report()
        console.show_score_summary(summary)


app.command(rich_help_panel=PIPELINE)(promote)
app.command(rich_help_panel=PIPELINE)(learn)
app.command(rich_help_panel=EXPLORE)(explain)
app.command(rich_help_panel=EXPLORE)(columns)
app.command(rich_help_panel=EXPLORE)(audience)
app.command(rich_help_panel=EXPLORE)(scorecards)
app.command(rich_help_panel=EXPLORE)(growth)
app.command(rich_help_panel=EXPLORE)(attribution)
app.add_typer(experiment.app, name="experiment", rich_help_panel=EXPLORE)
app.add_typer(feedback.app, name="feedback", rich_help_panel=EXPLORE)
app.command(rich_help_panel=EXPLORE)(effect)
app.add_typer(export.app, name="export", rich_help_panel=EXPLORE)
app.command(rich_help_panel=OPERATE)(status)
app.command(rich_help_panel=OPERATE)(doctor)
app.command(rich_help_panel=OPERATE)(serve)
app.command(rich_help_panel=OPERATE)(ui)
app.add_typer(config_commands.app, name="config", rich_help_panel=OPERATE)
app.add_typer(home_commands.app, name="home", rich_help_panel=OPERATE)
app.add_typer(keys.app, name="keys", rich_help_panel=OPERATE)
app.add_typer(audit.app, name="audit", rich_help_panel=OPERATE)
app.command(rich_help_panel=OPERATE)(forget)
app.command(rich_help_panel=OPERATE)(backup)
app.command(rich_help_panel=OPERATE)(restore)
app.command(rich_help_panel=OPERATE)(completion)


def main() -> None:
    """Run the command line; what it and its child processes write is for its own user only."""
    keep_new_files_private()
    capture_warnings()
    console = CommandConsole(json_output=False)
    for sentence in unknown_variables():
        console.show_notice(f"note  {sentence}, so nothing reads it.")
    app(obj=_now)


def _run_context(
    config: Path | None, home: Home, as_of: date | None, console: CommandConsole, origins: tuple[date, ...] = ()
) -> RunContext:
    from pipelines.steps import ingest as step

    shop_config, now = load_config(config), _now()
    day = resolve_as_of(as_of, shop_config.zone, now)
    step.run(shop_config, home, now, console.report)
    return create_run_context(shop_config, home, day, console, now, origins)


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    main()
