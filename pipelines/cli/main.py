"""Command line: the commands of ``flywheel``, and the only place that reads the clock."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines import environment
from pipelines.cli import keys
from pipelines.cli.audience import audience
from pipelines.cli.command_context import GATE_REJECTED_STATUS, exit_on_error, locked_home, resolve_home, resolve_path
from pipelines.cli.console import CommandConsole, capture_warnings
from pipelines.cli.options import AsOf, Config, HomeDir, Json, Origins, Out, PinnedAsOf
from pipelines.steps.promote import UsageError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from features.config.shop import ShopConfig
    from pipelines.home import Home
    from pipelines.run_context import RunContext

app = typer.Typer(
    name="flywheel",
    help="Churn, next purchase and lifetime value of every customer, from a raw order log.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(keys.app, name="keys")
app.command()(audience)


@app.command()
def readiness(*, config: Config = None, home: HomeDir = None, as_of: AsOf = None, json: Json = False) -> None:
    """Report which predictions this log supports today, at which horizons, and what is missing."""
    with locked_home("readiness", home, json=json) as (console, locked):
        context = _run_context(config, locked, as_of, console)
        console.show_readiness(context.readiness, context.config.name, context.rule_limits)


@app.command()
def run(
    *, config: Config = None, home: HomeDir = None, as_of: AsOf = None, out: Out = None, json: Json = False
) -> None:
    """Run the pipeline: ingest, publish, train, evaluate, promote, score (exit status 3 if the gate refutes it)."""
    from pipelines.steps import run as step

    with locked_home("run", home, json=json) as (console, locked):
        shop_config = _load_config(config)
        summary = step.run(shop_config, locked, as_of or _today(shop_config.zone), _now(), console.report, out)
        console.show_run_summary(summary)
    if summary.gate.refutations or summary.refusal:
        raise typer.Exit(GATE_REJECTED_STATUS)


@app.command()
def ingest(*, config: Config = None, home: HomeDir = None, json: Json = False) -> None:
    """Validate the raw log and write the canonical history."""
    from pipelines.steps import ingest as step

    with locked_home("ingest", home, json=json) as (console, locked):
        console.show_ingestion(step.run(_load_config(config), locked, _now(), console.report))


@app.command()
def publish(*, config: Config = None, home: HomeDir = None, as_of: AsOf = None, json: Json = False) -> None:
    """Compute features and materialize them into the online store."""
    from pipelines.steps import publish as step

    with locked_home("publish", home, json=json) as (console, locked):
        context = _run_context(config, locked, as_of, console)
        console.show_publish_summary(step.run(context), context.as_of)


@app.command()
def train(*, config: Config = None, home: HomeDir = None, as_of: AsOf = None, json: Json = False) -> None:
    """Back-test, fit and register a release; it serves only after promotion."""
    from pipelines.steps import train as step

    with locked_home("train", home, json=json) as (console, locked):
        console.show_trained_release(step.run(_run_context(config, locked, as_of, console)), locked)


@app.command()
def evaluate(
    *,
    config: Config = None,
    home: HomeDir = None,
    as_of: AsOf = None,
    origin: Origins = None,
    json: Json = False,
) -> None:
    """Back-test on rolling origins, and compare with baselines."""
    from pipelines.steps import evaluate as step

    with locked_home("evaluate", home, json=json) as (console, locked):
        console.show_backtest(step.run(_run_context(config, locked, as_of, console, tuple(origin or ()))))


@app.command()
def promote(
    *,
    home: HomeDir = None,
    _config: Config = None,
    version: Annotated[str | None, typer.Option(help="The release to promote; default: the challenger.")] = None,
    why: Annotated[str, typer.Option(help="The reason, for the promotion log.")] = "",
    force: Annotated[bool, typer.Option("--force", help="Promote although the gate rejects it; needs --why.")] = False,
    rollback: Annotated[bool, typer.Option("--rollback", help="Promote the previous release again.")] = False,
    json: Json = False,
) -> None:
    """Make a release the champion if the quality gate passes (exit status 3 if it does not)."""
    from pipelines.steps import promote as step

    with locked_home("promote", home, json=json) as (console, locked):
        if rollback and (force or version):
            raise UsageError(
                "Found --rollback with --force or --version. Expected it alone: it selects the previous release."
            )
        if rollback:
            console.show_promotion(step.rollback(locked, _now(), console.report, why=why))
        else:
            console.show_promotion(step.run(locked, _now(), console.report, version=version, why=why, force=force))


@app.command()
def score(
    *, config: Config = None, home: HomeDir = None, as_of: AsOf = None, out: Out = None, json: Json = False
) -> None:
    """Write the predictions and segments of every customer to one table."""
    from features.history import Cutoff
    from pipelines.steps import publish
    from pipelines.steps import score as step

    with locked_home("score", home, json=json) as (console, locked):
        shop_config = _load_config(config)
        cutoff = Cutoff.from_day(as_of or publish.publication_day(locked), shop_config.zone)
        console.show_score_summary(step.run(shop_config, locked, cutoff, console.report, out, _now()))


@app.command()
def forget(
    *,
    customer_ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Customer ids as in the log.")],
    home: HomeDir = None,
    _config: Config = None,
    json: Json = False,
) -> None:
    """Erase customers from all data, and keep them from being ingested again."""
    from pipelines.cli.forget import ErasureConsole
    from pipelines.steps import forget as step

    console = ErasureConsole(json_output=json)
    with exit_on_error(console):
        console.show_erasures(list(step.run(resolve_home(home), customer_ids, _now())))


@app.command()
def serve(
    *,
    home: HomeDir = None,
    _config: Config = None,
    host: Annotated[str, typer.Option(envvar="FLYWHEEL_HOST", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="FLYWHEEL_PORT", min=1, max=65535, help="The port to listen on.")] = 3000,
    as_of: PinnedAsOf = None,
) -> None:
    """Start the HTTP service."""
    from pipelines.steps import serve as step

    with exit_on_error(CommandConsole(json_output=False)):
        step.run(resolve_home(home), host, port, as_of)


@app.command()
def ui(
    *,
    home: HomeDir = None,
    _config: Config = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")] = 5000,
) -> None:
    """Open the MLflow UI on the home's models."""
    with exit_on_error(CommandConsole(json_output=False)):
        command = resolve_home(home).ui_command(port)
    typer.echo(f"MLflow UI on http://127.0.0.1:{port} (Ctrl-C stops it)", err=True)
    os.execvp(command[0], command)  # noqa: S606 -- MLflow's own server, in place of this process


def main() -> None:
    """Run the command line."""
    capture_warnings()
    app(obj=_now)


def _run_context(
    config: Path | None, home: Home, as_of: date | None, console: CommandConsole, origins: tuple[date, ...] = ()
) -> RunContext:
    from pipelines.run_context import RunContext
    from pipelines.steps import ingest as step

    shop_config = _load_config(config)
    step.run(shop_config, home, _now(), console.report)
    return RunContext(shop_config, home, as_of or _today(shop_config.zone), console.report, origins, _now())


def _load_config(config: Path | None) -> ShopConfig:
    from features.config.shop import read_shop_config

    return read_shop_config(resolve_path(config, environment.CONFIG))


def _today(zone: ZoneInfo) -> date:
    return _now().astimezone(zone).date()


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    main()
