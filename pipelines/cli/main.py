"""The command line: the only place that reads the clock."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines import environment
from pipelines.cli import keys
from pipelines.cli.audience import audience
from pipelines.cli.command_context import held, home_at, place, told
from pipelines.cli.console import Screen, keep_warnings_off_the_screen
from pipelines.cli.options import AsOf, Config, HomeDir, Json, Origins, Out, Pinned
from pipelines.steps.promote import WrongUse

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from features.config.shop import Description
    from pipelines.home import Home
    from pipelines.run_context import Job

app = typer.Typer(
    name="flywheel",
    help="Who is about to leave, who buys next and when, and what each customer is worth.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(keys.app, name="keys")
app.command()(audience)


@app.command()
def readiness(*, config: Config = None, home: HomeDir = None, as_of: AsOf = None, json: Json = False) -> None:
    """What can be predicted from this log today, at which horizons, and what is missing."""
    with held("readiness", home, json=json) as (screen, kept):
        job = _job(config, kept, as_of, screen)
        screen.readiness(job.readiness, job.description.name, job.rule_limits)


@app.command()
def run(
    *, config: Config = None, home: HomeDir = None, as_of: AsOf = None, out: Out = None, json: Json = False
) -> None:
    """The whole main job: ingest, publish features, train, evaluate, promote, score."""
    from pipelines.steps import run as whole

    with held("run", home, json=json) as (screen, kept):
        description = _description(config)
        screen.run(whole.run(description, kept, as_of or _today(description.zone), _now(), screen.say, out))


@app.command()
def ingest(*, config: Config = None, home: HomeDir = None, json: Json = False) -> None:
    """Check the raw log and write the canonical history."""
    from pipelines.steps import ingest as step

    with held("ingest", home, json=json) as (screen, kept):
        screen.intake(step.run(_description(config), kept, _now(), screen.say))


@app.command()
def publish(*, config: Config = None, home: HomeDir = None, as_of: AsOf = None, json: Json = False) -> None:
    """Compute features and give them to the online store."""
    from pipelines.steps import publish as step

    with held("publish", home, json=json) as (screen, kept):
        job = _job(config, kept, as_of, screen)
        screen.published(step.run(job), job.as_of)


@app.command()
def train(*, config: Config = None, home: HomeDir = None, as_of: AsOf = None, json: Json = False) -> None:
    """Back-test, fit and register a release; it waits for promotion."""
    from pipelines.steps import train as step

    with held("train", home, json=json) as (screen, kept):
        screen.trained(step.run(_job(config, kept, as_of, screen)), kept)


@app.command()
def evaluate(
    *,
    config: Config = None,
    home: HomeDir = None,
    as_of: AsOf = None,
    origin: Origins = None,
    json: Json = False,
) -> None:
    """Back-test on rolling origins, beside the baselines."""
    from pipelines.steps import evaluate as step

    with held("evaluate", home, json=json) as (screen, kept):
        screen.evaluation(step.run(_job(config, kept, as_of, screen, tuple(origin or ()))))


@app.command()
def promote(
    *,
    home: HomeDir = None,
    _config: Config = None,
    version: Annotated[str | None, typer.Option(help="A release; the challenger by default.")] = None,
    why: Annotated[str, typer.Option(help="The reason, for the log.")] = "",
    force: Annotated[bool, typer.Option("--force", help="Promote although the gate refuses; needs --why.")] = False,
    rollback: Annotated[bool, typer.Option("--rollback", help="Let the previous release serve again.")] = False,
    json: Json = False,
) -> None:
    """Let a release serve, if the gate lets it (exit status 3 if not)."""
    from pipelines.steps import promote as step

    with held("promote", home, json=json) as (screen, kept):
        if rollback and (force or version):
            raise WrongUse(
                "Found --rollback beside --force or --version. Expected it alone: it names the release itself."
            )
        if rollback:
            screen.promoted(step.rollback(kept, _now(), screen.say, why=why))
        else:
            screen.promoted(step.run(kept, _now(), screen.say, version=version, why=why, force=force))


@app.command()
def score(
    *, config: Config = None, home: HomeDir = None, as_of: AsOf = None, out: Out = None, json: Json = False
) -> None:
    """Every customer's predictions and segments in one table."""
    from features.history import Cutoff
    from pipelines.steps import publish
    from pipelines.steps import score as step

    with held("score", home, json=json) as (screen, kept):
        description = _description(config)
        cutoff = Cutoff.of(as_of or publish.published_day(kept), description.zone)
        screen.scored(step.run(description, kept, cutoff, screen.say, out, _now()))


@app.command()
def forget(
    *,
    customer_ids: Annotated[list[str], typer.Argument(metavar="ID...", help="As they stand in the log.")],
    home: HomeDir = None,
    _config: Config = None,
    json: Json = False,
) -> None:
    """Remove customers from everything, and keep them from coming back."""
    from pipelines.steps import forget as step

    screen = step.ErasureScreen(machine=json)
    with told(screen):
        screen.forgotten(list(step.run(home_at(home), customer_ids, _now())))


@app.command()
def serve(
    *,
    home: HomeDir = None,
    _config: Config = None,
    host: Annotated[str, typer.Option(envvar="FLYWHEEL_HOST", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="FLYWHEEL_PORT", min=1, max=65535, help="The port to listen on.")] = 3000,
    as_of: Pinned = None,
) -> None:
    """Answer over HTTP."""
    from pipelines.steps import serve as step

    with told(Screen(machine=False)):
        step.run(home_at(home), host, port, as_of)


@app.command()
def ui(
    *,
    home: HomeDir = None,
    _config: Config = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")] = 5000,
) -> None:
    """Open the MLflow UI on the home's models."""
    with told(Screen(machine=False)):
        command = home_at(home).ui_command(port)
    typer.echo(f"MLflow UI on http://127.0.0.1:{port} (Ctrl-C stops it)", err=True)
    os.execvp(command[0], command)  # noqa: S606 -- MLflow's own server, in place of this process


def main() -> None:
    """Run the command line."""
    keep_warnings_off_the_screen()
    app(obj=_now)


def _job(config: Path | None, home: Home, as_of: date | None, screen: Screen, origins: tuple[date, ...] = ()) -> Job:
    from pipelines.run_context import Job
    from pipelines.steps import ingest as step

    description = _description(config)
    step.run(description, home, _now(), screen.say)
    return Job(description, home, as_of or _today(description.zone), screen.say, origins, _now())


def _description(config: Path | None) -> Description:
    from features.config.shop import read_description

    return read_description(place(config, environment.CONFIG))


def _today(zone: ZoneInfo) -> date:
    return _now().astimezone(zone).date()


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    main()
