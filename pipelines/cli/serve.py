"""Serve command: the options of ``flywheel serve``, which starts the HTTP service."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.cli.command_context import current_time, exit_on_error, resolve_home
from pipelines.cli.console import CommandConsole
from pipelines.cli.options import HomeDir, PinnedAsOf, UnusedConfig


def serve(
    context: typer.Context,
    *,
    home: HomeDir = None,
    _config: UnusedConfig = None,
    host: Annotated[str, typer.Option(envvar="FLYWHEEL_HOST", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="FLYWHEEL_PORT", min=1, max=65535, help="The port to listen on.")] = 3000,
    as_of: PinnedAsOf = None,
) -> None:
    """Start the HTTP service, which answers from the champion; its documentation is at /docs."""
    from pipelines.steps import serve as step

    console = CommandConsole(json_output=False)
    with exit_on_error(console):
        step.run(resolve_home(home), host, port, as_of, current_time(context), console.show_notice)
