"""Export commands: ``flywheel export tags`` writes the changes of tags for the tools of the shop."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from pipelines.cli.command_context import current_time, exit_on_error, resolve_home
from pipelines.cli.export_console import ExportConsole
from pipelines.cli.options import HomeDir, Json, UnusedConfig

app = typer.Typer(help="Exports for other tools: the changes of tags.", no_args_is_help=True)


@app.callback()
def export() -> None:
    """Exports for other tools: the changes of tags."""


Format = Literal["ndjson", "csv", "wecom", "klaviyo", "braze", "hubspot", "salesforce"]
NameLanguage = Literal["en", "zh"]


@app.command()
def tags(  # noqa: PLR0913 -- each is an option of the command
    context: typer.Context,
    *,
    destination: Annotated[
        str, typer.Argument(metavar="DESTINATION", help="The name of a tool under tags in flywheel.toml.")
    ],
    audience: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Only the members of this stored audience have tags; all others lose theirs."),
    ] = None,
    out: Annotated[Path | None, typer.Option(dir_okay=False, help="Write the changes to this file.")] = None,
    form: Annotated[
        Format, typer.Option("--format", help="The format of the file: the changes as lines, or requests for a tool.")
    ] = "ndjson",
    confirm: Annotated[
        str | None, typer.Option(metavar="EXPORT_ID", help="Record that all changes of this export were applied.")
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="List every tag that the tool can get.")] = False,
    language: Annotated[
        NameLanguage | None, typer.Option(help="The language of the names of --list; default: that of the section.")
    ] = None,
    home: HomeDir = None,
    _config: UnusedConfig = None,
    json: Json = False,
) -> None:
    """Write which tags a tool has to add and to remove: bands of the scores, and only what changed.

    Apply the changes, then confirm the export. Until it is confirmed, the next run writes its changes again.
    """
    from pipelines.steps import export_tags as step

    console, folder, now = ExportConsole(json_output=json), resolve_home(home), current_time(context)
    with exit_on_error(console):
        if confirm is not None:
            console.show_confirmed(step.confirm(folder, confirm, audience, now))
        elif listed and form == "wecom":
            console.show_bodies(step.list_wecom(folder, destination, now))
        elif listed:
            console.show_tags(step.list_tags(folder, destination, language, now))
        else:
            file = None if out is None else (out, form)
            console.show_export(step.run(folder, destination, audience, now, file))
