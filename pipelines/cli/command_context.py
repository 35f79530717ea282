"""Command context: how every command finds its home, takes the write lock, and turns errors into exit statuses."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from features.errors import FlywheelError
from pipelines import environment
from pipelines.cli.as_of import resolve_as_of
from pipelines.cli.console import CommandConsole
from pipelines.cli.os_errors import describe_os_error
from pipelines.home import Home
from pipelines.promotion.refusals import AliasPutBack, GateRejected, ReleaseBarred
from pipelines.steps.promote import UsageError
from pipelines.steps.silence import LogSilent

if TYPE_CHECKING:
    from features.config.shop import ShopConfig
    from pipelines.run_context import RunContext

GATE_REJECTED_STATUS = INCOMPLETE_STATUS = 3
_EXIT_STATUSES = {
    UsageError: 2,
    GateRejected: GATE_REJECTED_STATUS,
    AliasPutBack: GATE_REJECTED_STATUS,
    ReleaseBarred: GATE_REJECTED_STATUS,
    LogSilent: GATE_REJECTED_STATUS,
}


@contextmanager
def locked_home(
    command: str, home: Path | None, *, json: bool, must_exist: bool = False
) -> Iterator[tuple[CommandConsole, Home]]:
    """Yield a console and the home, under the home's write lock; it is created unless it must exist."""
    console, locked = CommandConsole(json_output=json), resolve_home(home)
    with exit_on_error(console):
        if must_exist:
            locked.require_folder()
        with locked.hold_write_lock(command, console.report):
            yield console, locked


@contextmanager
def exit_on_error(console: CommandConsole) -> Iterator[None]:
    """Print an error as one message, and exit: 2 usage, 3 gate or silent log, 130 interrupt, 1 any other."""
    try:
        yield
    except FlywheelError as error:
        console.show_error(str(error))
        sys.exit(_EXIT_STATUSES.get(type(error), 1))
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.errno is None:
            raise
        console.show_error(describe_os_error(error))
        sys.exit(1)
    except (KeyboardInterrupt, RuntimeError) as stop:
        if isinstance(stop, RuntimeError) and str(stop) != "Query interrupted":  # DuckDB's message after Ctrl-C
            raise
        console.show_error("stopped; run the same command again to go on")
        sys.exit(130)


def current_time(context: typer.Context) -> datetime:
    """Return the current time of the command line, which the main application passes to its commands."""
    now: datetime = context.obj()
    return now


def resolve_home(option: Path | None) -> Home:
    """Return the home from the option, else from the working directory, else from the environment."""
    return Home(resolve_path(option, environment.HOME))


def load_config(option: Path | None) -> ShopConfig:
    """Read the configuration from the option, else from the working directory, else from the environment.

    Raises:
        InvalidConfig: there is none, or it is invalid.
    """
    from features.config.shop import read_shop_config

    return read_shop_config(resolve_path(option, environment.CONFIG))


def load_config_if_present(option: Path | None) -> ShopConfig | None:
    """Read the configuration, for a command that can do without one; raises InvalidConfig for an invalid one."""
    return load_config(option) if option or resolve_path(option, environment.CONFIG).exists() else None


def resolve_path(option: Path | None, environment_variable: environment.Variable) -> Path:
    """Return the path from the option, else the default in the working directory, else from the environment."""
    if option is not None:
        return option
    local_path = Path(environment_variable.default)
    return local_path if local_path.exists() else Path(environment_variable.value)


def create_run_context(
    config: ShopConfig,
    home: Home,
    as_of: date | None,
    console: CommandConsole,
    now: datetime,
    origins: tuple[date, ...] = (),
) -> RunContext:
    """Create the context of a step that reads the history, as of a day of the shop, by default today.

    Raises:
        UsageError: the day is after today.
    """
    from pipelines.run_context import RunContext

    return RunContext(config, home, resolve_as_of(as_of, config.zone, now), console.report, origins, now)
