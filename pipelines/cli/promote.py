"""Promotion command: the options of ``flywheel promote``, which makes a release the champion."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.cli.command_context import current_time, locked_home
from pipelines.cli.options import HomeDir, Json, UnusedConfig
from pipelines.steps.promote import UsageError


def promote(  # noqa: PLR0913 -- each is an option of the command
    context: typer.Context,
    *,
    home: HomeDir = None,
    _config: UnusedConfig = None,
    version: Annotated[
        str | None, typer.Option(help="The release to promote; default: the one that waits (challenger).")
    ] = None,
    why: Annotated[str, typer.Option(help="The reason, for the promotion log.")] = "",
    force: Annotated[bool, typer.Option("--force", help="Promote although the gate rejects it; needs --why.")] = False,
    rollback: Annotated[bool, typer.Option("--rollback", help="Promote the previous release again.")] = False,
    json: Json = False,
) -> None:
    """Make a release the champion, which answers, if the quality gate passes (exit status 3 if it does not)."""
    from pipelines.steps import promote as step

    now = current_time(context)
    with locked_home("promote", home, json=json) as (console, locked):
        if rollback and (force or version):
            raise UsageError(
                "Found --rollback with --force or --version. Expected it alone: it selects the previous release."
            )
        if rollback:
            console.show_promotion(step.rollback(locked, now, console.report, why=why))
        else:
            console.show_promotion(step.run(locked, now, console.report, version=version, why=why, force=force))
