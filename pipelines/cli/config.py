"""Configuration commands: ``flywheel config show`` prints the settings in effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from pipelines import environment
from pipelines.cli.command_context import exit_on_error, load_config, resolve_home, resolve_path
from pipelines.cli.console import CommandConsole
from pipelines.cli.options import Config, HomeDir, Json

if TYPE_CHECKING:
    from pipelines.diagnostics.effective_config import EffectiveConfig

app = typer.Typer(help="The configuration: show it with all defaults.", no_args_is_help=True)


@app.command()
def show(*, config: Config = None, home: HomeDir = None, json: Json = False) -> None:
    """Show the configuration in effect, with defaults and environment variables; passwords and keys are masked."""
    from pipelines.diagnostics.effective_config import effective_config

    console = ConfigConsole(json_output=json)
    with exit_on_error(console):
        path = resolve_path(config, environment.CONFIG)
        console.show_config(effective_config(load_config(config), path, resolve_home(home).folder))


class ConfigConsole(CommandConsole):
    """Prints the configuration in effect."""

    def show_config(self, effective: EffectiveConfig) -> None:
        """Print the file as TOML with its defaults, then the environment."""
        from pipelines.diagnostics.effective_config import to_toml

        if self._json_output:
            self._print_json({
                "config": effective.path, "home": effective.home, "values": effective.values,
                "environment": effective.environment,
            })  # fmt: skip
            return
        self._out.print(f"# {effective.path}, with the home {effective.home}", soft_wrap=True)
        self._out.print(to_toml(effective), soft_wrap=True)
        self._out.print("# environment")
        for name, value in effective.environment.items():
            self._out.print(f"# {name}={value}", soft_wrap=True)
        if not effective.environment:
            self._out.print("# no variable is set, so defaults apply")
