"""Erasure command: the arguments and the output of ``flywheel forget``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from pipelines.cli.command_context import current_time, exit_on_error, resolve_home
from pipelines.cli.console import CommandConsole
from pipelines.cli.options import HomeDir, Json, UnusedConfig


def forget(
    context: typer.Context,
    *,
    customer_ids: Annotated[list[str], typer.Argument(metavar="ID", help="Customer ids as in the log.")],
    home: HomeDir = None,
    _config: UnusedConfig = None,
    json: Json = False,
) -> None:
    """Erase customers from all data, and keep them from being ingested again."""
    from pipelines.steps import forget as step

    console = ErasureConsole(json_output=json)
    with exit_on_error(console):
        console.show_erasures(list(step.run(resolve_home(home), customer_ids, current_time(context))))


class ErasureConsole(CommandConsole):
    """Prints erasure reports, without customer ids."""

    def show_erasures(self, reports: Sequence[Mapping[str, Any]]) -> None:
        """Print how many rows of each customer were removed, in the requested order."""
        if self._json_output:
            self._print_json({"customers": reports})
            return
        for number, report in enumerate(reports, 1):
            rows = ", ".join(f"{table} {count:,}" for table, count in report["removed"].items() if count)
            releases = ", ".join(release["release"] for release in report["trained_releases"]) or "none"
            self._out.print(
                f"{report['status']}: rows removed: {rows or 'none'}; releases trained on them: {releases}."
            )
            if not report["known"]:
                self._out.print(
                    f"Nothing was recorded under id {number} of {len(reports)}: nobody has it, so check how it is "
                    "spelled. It is kept from being ingested all the same.",
                    soft_wrap=True,
                )
        if reports:
            self._out.print(f"Retained: {reports[0]['retained']}.", soft_wrap=True)
