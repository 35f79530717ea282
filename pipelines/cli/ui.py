"""MLflow UI command: ``flywheel ui`` runs MLflow's server on the home's models, and follows the champion alias."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from pipelines.cli.command_context import current_time, exit_on_error, resolve_home
from pipelines.cli.console import CommandConsole
from pipelines.cli.options import HomeDir, UnusedConfig


def ui(
    context: typer.Context,
    *,
    home: HomeDir = None,
    _config: UnusedConfig = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")] = 5000,
) -> None:
    """Start the MLflow UI, which shows every training: metrics, figures and model cards.

    While it runs, a release whose alias `champion` is moved in MLflow is promoted as by `flywheel promote --version`.
    """
    from pipelines.steps import ui as step

    console = CommandConsole(json_output=False)
    with exit_on_error(console):
        console.show_notice(f"MLflow UI on http://127.0.0.1:{port} (Ctrl-C stops it)")
        sys.exit(step.run(resolve_home(home), port, lambda: current_time(context), console.report))
