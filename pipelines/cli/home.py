"""Home commands: ``flywheel home`` upgrades the folder with all data of a shop, and removes what is old."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from pipelines.cli.command_context import current_time, load_config_if_present, locked_home
from pipelines.cli.console import CommandConsole
from pipelines.cli.options import Config, HomeDir, Json

if TYPE_CHECKING:
    from pipelines.steps.prune import PruneSummary
    from pipelines.steps.upgrade import UpgradeSummary

app = typer.Typer(help="The home: upgrade its files, remove what is old.", no_args_is_help=True)


@app.command()
def upgrade(*, home: HomeDir = None, json: Json = False) -> None:
    """Bring the files of the home to the format of this version; run it once after every update of Flywheel."""
    from pipelines.steps import upgrade as step

    with locked_home("home upgrade", home, json=json, must_exist=True) as (console, locked):
        HomeConsole(json_output=json).show_upgrade(step.run(locked, console.report))


@app.command()
def prune(context: typer.Context, *, config: Config = None, home: HomeDir = None, json: Json = False) -> None:
    """Remove scores, releases and evaluations older than `retention` in flywheel.toml; `flywheel run` does it too."""
    from features.config.retention import Retention
    from pipelines.steps import prune as step

    with locked_home("home prune", home, json=json, must_exist=True) as (console, locked):
        shop_config = load_config_if_present(config)
        retention = Retention() if shop_config is None else shop_config.retention
        summary = step.run(locked, retention, current_time(context), console.report)
        HomeConsole(json_output=json).show_pruned(summary)


class HomeConsole(CommandConsole):
    """Prints what changed in a home."""

    def show_upgrade(self, summary: UpgradeSummary) -> None:
        """Print the formats before and after, and what changed."""
        if self._json_output:
            self._print_json(asdict(summary))
            return
        before = "a home without a format" if not summary.found else f"format {summary.found}"
        changed = ", ".join(summary.changed) or "nothing else"
        self._out.print(
            f"The home has format {summary.format} now; it was {before}. Changed: {changed}.", soft_wrap=True
        )

    def show_pruned(self, summary: PruneSummary) -> None:
        """Print what was removed."""
        if self._json_output:
            self._print_json(asdict(summary))
            return
        self._out.print(summary.sentence(), soft_wrap=True)
