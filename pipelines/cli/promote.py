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
    rollback: Annotated[
        bool,
        typer.Option("--rollback", help="Go back to the release that served before, and bar the one that serves."),
    ] = False,
    follow: Annotated[
        bool, typer.Option("--follow", help="Promote the release that the alias champion was moved to in MLflow.")
    ] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Promote again what was rolled back last.")] = False,
    json: Json = False,
) -> None:
    """Make a release the champion, which answers, if it loads and the quality gate passes.

    Exit status 3: the gate rejects it, or it was rolled back and is not named by --version or --resume.
    """
    from pipelines.steps import follow as follow_step
    from pipelines.steps import promote as step

    now = current_time(context)
    with locked_home("promote", home, json=json) as (console, locked):
        _check_options(version=bool(version), resume=resume, rollback=rollback, follow=follow, force=force)
        if follow:
            moved = follow_step.run(locked, now, console.report)
            console.show_promotion(moved or follow_step.newest_promotion(locked))
        elif rollback:
            console.show_promotion(step.rollback(locked, now, console.report, why=why))
        elif resume:
            console.show_promotion(step.resume(locked, now, console.report, why=why, force=force))
        else:
            console.show_promotion(step.run(locked, now, console.report, version=version, why=why, force=force))


def _check_options(*, force: bool, **selections: bool) -> None:
    """Check that one option at most selects the release; raises UsageError."""
    given = [f"--{name}" for name, is_given in selections.items() if is_given]
    if len(given) > 1:
        raise UsageError(f"Found {' and '.join(given)}. Expected one of them: each selects a release.")
    if force and given and given[0] in {"--rollback", "--follow"}:
        raise UsageError(f"Found {given[0]} with --force. Expected --force alone, with --version or with --resume.")
