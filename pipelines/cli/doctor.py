"""Doctor command: the options and the output of ``flywheel doctor``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING

import typer
from rich.text import Text

from pipelines import environment
from pipelines.cli.command_context import current_time, exit_on_error, resolve_home, resolve_path
from pipelines.cli.console import CommandConsole
from pipelines.cli.options import Config, HomeDir, Json

if TYPE_CHECKING:
    from pipelines.diagnostics.check import CheckResult

_STYLES = {"ok": "green", "warning": "yellow", "problem": "bold red"}


def doctor(context: typer.Context, *, config: Config = None, home: HomeDir = None, json: Json = False) -> None:
    """Find what is wrong: environment, home, stores, clock, network, log and freshness, each with a remedy.

    Nothing is changed. Exit status 1: there is a problem.
    """
    from pipelines.diagnostics.check import worst_level
    from pipelines.diagnostics.registry import run_checks
    from pipelines.diagnostics.surroundings import Surroundings

    console = DoctorConsole(json_output=json)
    with exit_on_error(console):
        config_path = resolve_path(config, environment.CONFIG)
        results = run_checks(Surroundings(resolve_home(home), config_path, current_time(context)))
        console.show_results(results)
    if worst_level(results) == "problem":
        raise typer.Exit(1)


class DoctorConsole(CommandConsole):
    """Prints the results of checks."""

    def show_results(self, results: Sequence[CheckResult]) -> None:
        """Print one line per check, and what to do about those that are not ok."""
        from pipelines.diagnostics.check import LEVELS, worst_level

        if self._json_output:
            self._print_json({"level": worst_level(results), "checks": [asdict(result) for result in results]})
            return
        for area, checked in groupby(results, key=lambda result: result.area):
            self._out.print(Text(area, "bold"))
            for result in checked:
                self._show_result(result)
        counts = {level: sum(result.level == level for result in results) for level in LEVELS}
        self._out.print(
            f"{counts['ok']} ok, {_count(counts['warning'], 'warning')}, {_count(counts['problem'], 'problem')}."
        )

    def _show_result(self, result: CheckResult) -> None:
        head = Text.assemble("  ", (f"{result.level:8}", _STYLES[result.level]), f" {result.name}: {result.found}")
        self._out.print(head, soft_wrap=True)
        if result.level != "ok":
            self._out.print(f"           Expected: {result.expected}.", soft_wrap=True)
            self._out.print(f"           Remedy: {result.remedy}.", soft_wrap=True)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
