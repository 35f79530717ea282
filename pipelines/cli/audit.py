"""Audit commands: ``flywheel audit verify`` finds altered, removed and inserted lines of the audit log."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.command_context import exit_on_error, resolve_home
from pipelines.cli.console import CommandConsole
from pipelines.cli.options import HomeDir, Json

if TYPE_CHECKING:
    from serving.observability.audit_verification import AuditReport

_MAX_LISTED = 20
app = typer.Typer(help="The audit log of a home: who exported, changed, read and erased what, and when.")


@app.callback(no_args_is_help=True)
def audit() -> None:
    """The audit log of a home."""


@app.command()
def verify(
    *,
    begins_at: Annotated[
        int, typer.Option("--from", min=1, help="The first line that must be here; older ones are archived elsewhere.")
    ] = 1,
    home: HomeDir = None,
    json: Json = False,
) -> None:
    """Verify that no line of the audit log was altered, removed, inserted or moved, also in rotated files beside it.

    Nothing is changed. Exit status 1: there is such a line.
    """
    from pipelines.steps.audit import verify as step

    console = AuditConsole(json_output=json)
    with exit_on_error(console):
        report = step(resolve_home(home), begins_at)
        console.show_report(report)
    if report.faults:
        raise typer.Exit(1)


class AuditConsole(CommandConsole):
    """Prints the result of a verification."""

    def show_report(self, report: AuditReport) -> None:
        """Print how many lines are genuine, and where the chain is broken."""
        if self._json_output:
            self._print_json({"intact": not report.faults, **asdict(report)})
            return
        span = "" if report.first_line is None else f", {report.first_line} to {report.last_line}"
        self._out.print(f"{report.lines:,} lines are genuine{span}.", soft_wrap=True)
        if report.unchained:
            self._out.print(f"{report.unchained:,} lines of an earlier version have no code.", soft_wrap=True)
        if report.torn:
            self._out.print(f"{report.torn:,} lines were torn when they were written.", soft_wrap=True)
        for fault in report.faults[:_MAX_LISTED]:
            self._out.print(f"Fault: {fault.place}: {fault.fault}.", soft_wrap=True)
        if len(report.faults) > _MAX_LISTED:
            self._out.print(f"and {len(report.faults) - _MAX_LISTED:,} more; --json lists all.")
        if report.faults:
            self._out.print(
                "Expected an unbroken chain. Compare with a backup; files that a rotation put elsewhere belong beside "
                "the log, or name the first line that is still here: --from NUMBER.",
                soft_wrap=True,
            )
