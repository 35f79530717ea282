"""What is around every command: where its home is, and what it says and returns when something goes wrong."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from features.errors import FlywheelError
from pipelines import environment
from pipelines.cli.console import Screen
from pipelines.home import Home
from pipelines.steps.promote import GateRefused, WrongUse


@contextmanager
def held(name: str, home: Path | None, *, json: bool) -> Iterator[tuple[Screen, Home]]:
    """A screen and the home, held while it is written to."""
    screen, kept = Screen(machine=json), home_at(home)
    with told(screen), kept.writing(name, screen.say):
        yield screen, kept


@contextmanager
def told(screen: Screen) -> Iterator[None]:
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


def home_at(said: Path | None) -> Home:
    """The home that the command line says, else the one in the working directory, else the environment's."""
    return Home(place(said, environment.HOME))


def place(said: Path | None, variable: environment.Variable) -> Path:
    """What the command line says, else what lies in the working directory, else what the environment says."""
    if said is not None:
        return said
    here = Path(variable.default)
    return here if here.exists() else Path(variable.value)
