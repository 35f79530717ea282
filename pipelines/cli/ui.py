"""MLflow UI command: ``flywheel ui`` replaces itself by MLflow's server on the home's models."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from pipelines.cli.command_context import exit_on_error, resolve_home
from pipelines.cli.console import CommandConsole
from pipelines.cli.options import HomeDir, UnusedConfig


def ui(
    *,
    home: HomeDir = None,
    _config: UnusedConfig = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")] = 5000,
) -> None:
    """Start the MLflow UI, which shows every training: metrics, figures and model cards."""
    with exit_on_error(CommandConsole(json_output=False)):
        command = resolve_home(home).ui_command(port)
    typer.echo(f"MLflow UI on http://127.0.0.1:{port} (Ctrl-C stops it)", err=True)
    os.execvp(command[0], command)  # noqa: S606 -- MLflow's own server, in place of this process
