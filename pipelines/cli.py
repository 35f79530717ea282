"""The command line: the only place that reads the clock."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from features.errors import FlywheelError
from pipelines.home import Home
from pipelines.screen import Screen, keep_warnings_off_the_screen

app = typer.Typer(
    name="flywheel",
    help="Who is about to leave, who buys next and when, and what each customer is worth.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Config = Annotated[
    Path | None,
    typer.Option("--config", help="The description of the log; flywheel.toml here, else FLYWHEEL_CONFIG."),
]
HomeDir = Annotated[
    Path | None, typer.Option("--home", help="Where everything is kept; .flywheel here, else FLYWHEEL_HOME.")
]
AsOf = Annotated[
    str | None, typer.Option("--as-of", metavar="DATE", help="Know everything before this day, and nothing after.")
]
Json = Annotated[bool, typer.Option("--json", help="One machine-readable summary on stdout, all else on stderr.")]


@app.command()
def readiness(config: Config = None, home: HomeDir = None, as_of: AsOf = None, json: Json = False) -> None:
    """What can be predicted from this log today, at which horizons, and what is missing."""
    with _step("readiness", home, json) as (screen, kept):
        job = _job(config, kept, as_of, screen)
        screen.readiness(job.readiness, job.description.name)


@app.command()
def run(
    config: Config = None,
    home: HomeDir = None,
    as_of: AsOf = None,
    out: Annotated[Path | None, typer.Option(help="Where the scores go, instead of into the home.")] = None,
    json: Json = False,
) -> None:
    """The whole main job: ingest, publish features, train, evaluate, promote, score."""
    from pipelines import run as whole  # noqa: PLC0415 -- pulls in the libraries of every step

    with _step("run", home, json) as (screen, kept):
        description = _description(config)
        done = whole.run(description, kept, _day(as_of, description.zone), _now(), screen.say, out)
        screen.run(done)


@app.command()
def ingest(config: Config = None, home: HomeDir = None, json: Json = False) -> None:
    """Check the raw log and write the canonical history."""
    from pipelines import ingest as step  # noqa: PLC0415

    with _step("ingest", home, json) as (screen, kept):
        screen.intake(step.run(_description(config), kept, screen.say))


@app.command()
def publish(config: Config = None, home: HomeDir = None, as_of: AsOf = None, json: Json = False) -> None:
    """Compute features and give them to the online store."""
    from pipelines import publish as step  # noqa: PLC0415

    with _step("publish", home, json) as (screen, kept):
        job = _job(config, kept, as_of, screen)
        screen.published(step.run(job), job.as_of)


@app.command()
def train(config: Config = None, home: HomeDir = None, as_of: AsOf = None, json: Json = False) -> None:
    """Back-test, fit and register a release; it waits for promotion."""
    from pipelines import train as step  # noqa: PLC0415

    with _step("train", home, json) as (screen, kept):
        screen.trained(step.run(_job(config, kept, as_of, screen)), kept)


@app.command()
def evaluate(
    config: Config = None,
    home: HomeDir = None,
    as_of: AsOf = None,
    origin: Annotated[
        list[str] | None, typer.Option("--origin", metavar="DATE", help="A test origin; may be repeated.")
    ] = None,
    json: Json = False,
) -> None:
    """Back-test on rolling origins, beside the baselines."""
    from pipelines import evaluate as step  # noqa: PLC0415

    with _step("evaluate", home, json) as (screen, kept):
        origins = tuple(_day(one, None) for one in origin or ())
        screen.evaluation(step.run(_job(config, kept, as_of, screen, origins)))


@app.command()
def promote(
    home: HomeDir = None,
    config: Config = None,
    version: Annotated[str | None, typer.Option(help="A release; the challenger by default.")] = None,
    why: Annotated[str, typer.Option(help="The reason, for the log.")] = "",
    force: Annotated[bool, typer.Option("--force", help="Promote although the gate refuses; needs --why.")] = False,
    rollback: Annotated[bool, typer.Option("--rollback", help="Let the previous release serve again.")] = False,
    json: Json = False,
) -> None:
    """Let a release serve, if the gate lets it (exit status 3 if not)."""
    from pipelines import promote as step  # noqa: PLC0415

    with _step("promote", home, json) as (screen, kept):
        screen.promoted(step.run(kept, _now(), screen.say, version=version, why=why, force=force, rollback=rollback))


@app.command()
def score(
    config: Config = None,
    home: HomeDir = None,
    as_of: AsOf = None,
    out: Annotated[Path | None, typer.Option(help="Where the table goes, instead of into the home.")] = None,
    json: Json = False,
) -> None:
    """Every customer's predictions in one table."""
    from features.history import Cutoff  # noqa: PLC0415
    from pipelines import publish, score as step  # noqa: PLC0415

    with _step("score", home, json) as (screen, kept):
        zone = _description(config).zone
        day = _day(as_of, zone) if as_of else publish.published_day(kept)
        screen.scored(step.run(kept, Cutoff.of(day, zone), screen.say, out))


@app.command()
def serve(
    home: HomeDir = None,
    config: Config = None,
    host: Annotated[str, typer.Option(envvar="FLYWHEEL_HOST", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="FLYWHEEL_PORT", min=1, max=65535)] = 3000,
    as_of: Annotated[
        str | None, typer.Option("--as-of", envvar="FLYWHEEL_AS_OF", metavar="DATE", help="Pin the service's clock.")
    ] = None,
) -> None:
    """Answer over HTTP."""
    from pipelines import serve as step  # noqa: PLC0415

    with _told(Screen(machine=False)):
        step.run(_home(home), host, port, as_of)


@app.command()
def ui(home: HomeDir = None, config: Config = None, port: int = 5000) -> None:
    """Open the MLflow UI on the home's models."""
    from training.registry import ui_command  # noqa: PLC0415

    command = ui_command(_home(home).folder, port)
    typer.echo(f"MLflow UI on http://127.0.0.1:{port} (Ctrl-C stops it)", err=True)
    os.execvp(command[0], command)


def main() -> None:
    """Run the command line."""
    keep_warnings_off_the_screen()
    app()


@contextmanager
def _step(name: str, home: Path | None, json: bool) -> Iterator[tuple[Screen, Home]]:
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
        sys.exit(3 if type(error).__name__ == "GateRefused" else 1)
    except KeyboardInterrupt:
        screen.error("stopped; run the same command again to go on")
        sys.exit(130)


def _job(config: Path | None, home: Home, as_of: str | None, screen: Screen, origins: tuple[date, ...] = ()) -> Any:
    from pipelines import ingest as step  # noqa: PLC0415
    from pipelines.job import Job  # noqa: PLC0415

    description = _description(config)
    step.run(description, home, screen.say)
    return Job(description, home, _day(as_of, description.zone), screen.say, origins)


def _description(config: Path | None) -> Any:
    from features.description import read_description  # noqa: PLC0415

    return read_description(_place(config, "flywheel.toml", "FLYWHEEL_CONFIG"))


def _home(said: Path | None) -> Home:
    return Home(_place(said, ".flywheel", "FLYWHEEL_HOME"))


def _place(said: Path | None, here: str, variable: str) -> Path:
    if said is not None or Path(here).exists() or variable not in os.environ:
        return said or Path(here)
    return Path(os.environ[variable])


def _day(text: str | None, zone: Any) -> date:
    if text is None:
        return _now().astimezone(zone).date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no day. Expected one like 2026-01-31.") from None


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    main()
