"""The command line: the only place that reads the clock."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from features.errors import FlywheelError
from pipelines.home import Home
from pipelines.options import AsOf, Config, HomeDir, Json, Origins, Out, Pinned
from pipelines.promote import GateRefused, WrongUse
from pipelines.screen import Screen, keep_warnings_off_the_screen

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from features.description import Description
    from pipelines.job import Job

app = typer.Typer(
    name="flywheel",
    help="Who is about to leave, who buys next and when, and what each customer is worth.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
def readiness(*, config: Config = None, home: HomeDir = None, as_of: AsOf = None, json: Json = False) -> None:
    """What can be predicted from this log today, at which horizons, and what is missing."""
    with _step("readiness", home, json=json) as (screen, kept):
        job = _job(config, kept, as_of, screen)
        screen.readiness(job.readiness, job.description.name, job.rule_limits)


@app.command()
def run(
    *, config: Config = None, home: HomeDir = None, as_of: AsOf = None, out: Out = None, json: Json = False
) -> None:
    """The whole main job: ingest, publish features, train, evaluate, promote, score."""
    from pipelines import run as whole

    with _step("run", home, json=json) as (screen, kept):
        description = _description(config)
        screen.run(whole.run(description, kept, as_of or _today(description.zone), _now(), screen.say, out))


@app.command()
def ingest(*, config: Config = None, home: HomeDir = None, json: Json = False) -> None:
    """Check the raw log and write the canonical history."""
    from pipelines import ingest as step

    with _step("ingest", home, json=json) as (screen, kept):
        screen.intake(step.run(_description(config), kept, screen.say))


@app.command()
def publish(*, config: Config = None, home: HomeDir = None, as_of: AsOf = None, json: Json = False) -> None:
    """Compute features and give them to the online store."""
    from pipelines import publish as step

    with _step("publish", home, json=json) as (screen, kept):
        job = _job(config, kept, as_of, screen)
        screen.published(step.run(job), job.as_of)


@app.command()
def train(*, config: Config = None, home: HomeDir = None, as_of: AsOf = None, json: Json = False) -> None:
    """Back-test, fit and register a release; it waits for promotion."""
    from pipelines import train as step

    with _step("train", home, json=json) as (screen, kept):
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
    from pipelines import evaluate as step

    with _step("evaluate", home, json=json) as (screen, kept):
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
    from pipelines import promote as step

    with _step("promote", home, json=json) as (screen, kept):
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
    from pipelines import publish
    from pipelines import score as step

    with _step("score", home, json=json) as (screen, kept):
        description = _description(config)
        cutoff = Cutoff.of(as_of or publish.published_day(kept), description.zone)
        screen.scored(step.run(description, kept, cutoff, screen.say, out))


@app.command()
def serve(
    *,
    home: HomeDir = None,
    _config: Config = None,
    host: Annotated[str, typer.Option(envvar="FLYWHEEL_HOST", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="FLYWHEEL_PORT", min=1, max=65535)] = 3000,
    as_of: Pinned = None,
) -> None:
    """Answer over HTTP."""
    from pipelines import serve as step

    with _told(Screen(machine=False)):
        step.run(_home(home), host, port, as_of)


@app.command()
def ui(
    *,
    home: HomeDir = None,
    _config: Config = None,
    port: Annotated[int, typer.Option(min=1, max=65535)] = 5000,
) -> None:
    """Open the MLflow UI on the home's models."""
    with _told(Screen(machine=False)):
        command = _home(home).ui_command(port)
    typer.echo(f"MLflow UI on http://127.0.0.1:{port} (Ctrl-C stops it)", err=True)
    os.execvp(command[0], command)  # noqa: S606 -- MLflow's own server, in place of this process


def main() -> None:
    """Run the command line."""
    keep_warnings_off_the_screen()
    app()


@contextmanager
def _step(name: str, home: Path | None, *, json: bool) -> Iterator[tuple[Screen, Home]]:
    screen, kept = Screen(machine=json), _home(home)
    with _told(screen), kept.writing(name, screen.say):
        yield screen, kept


@contextmanager
def _told(screen: Screen) -> Iterator[None]:
    """Say what went wrong in one message, and leave with the exit status that the contract gives it."""
    try:
        yield
    except FlywheelError as error:
        screen.error(str(error))
        sys.exit({WrongUse: 2, GateRefused: 3}.get(type(error), 1))
    except (KeyboardInterrupt, RuntimeError) as stop:
        if isinstance(stop, RuntimeError) and str(stop) != "Query interrupted":  # DuckDB's word for Ctrl-C
            raise
        screen.error("stopped; run the same command again to go on")
        sys.exit(130)


def _job(config: Path | None, home: Home, as_of: date | None, screen: Screen, origins: tuple[date, ...] = ()) -> Job:
    from pipelines import ingest as step
    from pipelines.job import Job

    description = _description(config)
    step.run(description, home, screen.say)
    return Job(description, home, as_of or _today(description.zone), screen.say, origins)


def _description(config: Path | None) -> Description:
    from features.description import read_description

    return read_description(_place(config, "flywheel.toml", "FLYWHEEL_CONFIG"))


def _home(said: Path | None) -> Home:
    return Home(_place(said, ".flywheel", "FLYWHEEL_HOME"))


def _place(said: Path | None, here: str, variable: str) -> Path:
    """What the command line says, else what lies in the working directory, else what the environment says."""
    if said is not None:
        return said
    return Path(here if Path(here).exists() else os.environ.get(variable) or here)


def _today(zone: ZoneInfo) -> date:
    return _now().astimezone(zone).date()


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    main()
