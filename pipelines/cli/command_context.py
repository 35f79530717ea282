"""What is around every command: where its home is, and what it says and returns when something goes wrong."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from features.errors import FlywheelError
from pipelines import environment
from pipelines.cli.console import CommandConsole
from pipelines.home import Home
from pipelines.steps.promote import GateRejected, UsageError


@contextmanager
def locked_home(command: str, home: Path | None, *, json: bool) -> Iterator[tuple[CommandConsole, Home]]:
    """A screen and the home, held while it is written to."""
    screen, kept = CommandConsole(json_output=json), resolve_home(home)
    with exit_on_error(screen), kept.hold_write_lock(command, screen.report):
        yield screen, kept


@contextmanager
def exit_on_error(console: CommandConsole) -> Iterator[None]:
    """Say what went wrong in one message, and leave with the exit status that the contract gives it."""
    try:
        yield
    except FlywheelError as error:
        console.show_error(str(error))
        sys.exit({UsageError: 2, GateRejected: 3}.get(type(error), 1))
    except (KeyboardInterrupt, RuntimeError) as stop:
        if isinstance(stop, RuntimeError) and str(stop) != "Query interrupted":  # DuckDB's word for Ctrl-C
            raise
        console.show_error("stopped; run the same command again to go on")
        sys.exit(130)


def resolve_home(option: Path | None) -> Home:
    """The home that the command line says, else the one in the working directory, else the environment's."""
    return Home(resolve_path(option, environment.HOME))


def resolve_path(option: Path | None, environment_variable: environment.Variable) -> Path:
    """What the command line says, else what lies in the working directory, else what the environment says."""
    if option is not None:
        return option
    here = Path(environment_variable.default)
    return here if here.exists() else Path(environment_variable.value)
