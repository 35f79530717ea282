"""Restore command: the options and the output of ``flywheel restore``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.command_context import (
    INCOMPLETE_STATUS,
    current_time,
    exit_on_error,
    load_config_if_present,
    resolve_home,
)
from pipelines.cli.console import CommandConsole
from pipelines.cli.options import Config, HomeDir, Json

if TYPE_CHECKING:
    from pipelines.steps.restore import Restoration

_LOSSES = {
    "none": "The consents are those that the home remembers.",
    "older": "The store held an older copy of the consents.",
    "emptied": "The store had lost all consents.",
    "replaced": "The store held another ledger of the same secret.",
    "elsewhere": "Another machine had restored the consents; those of this one are added.",
    "memory": "The home's memory of its consents was damaged.",
}


def restore(
    context: typer.Context,
    *,
    source: Annotated[
        Path | None,
        typer.Option("--from", metavar="BACKUP", help="Put this backup back first: a folder or .tar.zst file."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="With --from: replace the files of a home.")] = False,
    config: Config = None,
    home: HomeDir = None,
    json: Json = False,
) -> None:
    """Record consents and erasures again that the store lost; stop the service before.

    Of two consents the newer counts, of two at once the denial. With --from, a backup takes the place of the home's
    files first; newer erasures and consents of the home stay.

    Exit status 3: some are of customers that no table knows; they are recorded when an ingestion brings them.
    """
    from pipelines.steps import restore as step

    console = RestoreConsole(json_output=json)
    with exit_on_error(console):
        shop_config = load_config_if_present(config)
        backup = None if source is None else step.BackupSource(source, replaces_home=force)
        restoration = step.run(resolve_home(home), shop_config, current_time(context), console.report, backup)
        console.show_restoration(restoration)
    if not restoration.is_complete:
        raise typer.Exit(INCOMPLETE_STATUS)


class RestoreConsole(CommandConsole):
    """Prints the result of a restore."""

    def show_restoration(self, restoration: Restoration) -> None:
        """Print what was lost, what is back and what is left to do."""
        if self._json_output:
            self._print_json(asdict(restoration))
            return
        self._out.print(_LOSSES[restoration.loss])
        self._out.print(
            f"Recorded again: consents of {restoration.consents:,} customers, {restoration.erasures:,} erasures. "
            f"The consents are at state {restoration.state}.",
            soft_wrap=True,
        )
        if restoration.waiting:
            self._out.print(
                f"Consents and erasures of {restoration.waiting:,} customers wait, because no table knows these "
                "customers; they are recorded when an ingestion brings them.",
                soft_wrap=True,
            )
        for note in restoration.notes:
            self._out.print(note, soft_wrap=True)
