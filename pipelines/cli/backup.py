"""Backup command: the options and the output of ``flywheel backup``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.command_context import current_time, exit_on_error, resolve_home
from pipelines.cli.console import CommandConsole
from pipelines.cli.options import HomeDir, Json, UnusedConfig

if TYPE_CHECKING:
    from pipelines.steps.backup import BackupSummary


def backup(
    context: typer.Context,
    *,
    target: Annotated[
        Path, typer.Option("--to", metavar="BACKUP", help="A new folder, or a new file that ends in .tar.zst.")
    ],
    home: HomeDir = None,
    _config: UnusedConfig = None,
    json: Json = False,
) -> None:
    """Copy the home with its consents, keys and audit log, while the service runs."""
    from pipelines.steps import backup as step

    console = BackupConsole(json_output=json)
    with exit_on_error(console):
        console.show_backup(step.run(resolve_home(home), target, current_time(context), console.report))


class BackupConsole(CommandConsole):
    """Prints the result of a backup."""

    def show_backup(self, summary: BackupSummary) -> None:
        """Print where the backup is, and what it does not have."""
        if self._json_output:
            self._print_json(asdict(summary))
            return
        self._out.print(
            f"{summary.files:,} files, consents at state {summary.consent_state}: {summary.path}", soft_wrap=True
        )
        for note in summary.notes:
            self._out.print(note, soft_wrap=True)
