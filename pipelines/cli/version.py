"""Version: prints the project's version and ends the command."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

import typer


def project_version() -> str:
    """Return the version of the installed project; "unknown" where it runs from its files without an installation."""
    try:
        return version("flywheel")
    except PackageNotFoundError:
        return "unknown"


def print_version(*, requested: bool) -> None:
    """Print the version and end the command, if it was requested."""
    if requested:
        typer.echo(f"flywheel {project_version()}")
        raise typer.Exit
