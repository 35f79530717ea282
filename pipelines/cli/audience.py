"""Audience command: the options and the output of ``flywheel audience``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines.cli.audience_console import AudienceConsole, Formulas, HeldOut
from pipelines.cli.command_context import current_time, exit_on_error, resolve_home
from pipelines.cli.options import HomeDir, Json, UnusedConfig


def audience(  # noqa: PLR0913 -- each is an option of the command
    context: typer.Context,
    *,
    request: Annotated[
        Path | None, typer.Option(help="A JSON file with the request body of POST /v1/audiences.")
    ] = None,
    filter_json: Annotated[
        str | None,
        typer.Option("--filter", help='The filter, as JSON, such as {"column": "churn_band", "equals": "high"}.'),
    ] = None,
    purpose: Annotated[
        str | None, typer.Option(help="The purpose of contact: marketing (default) or profiling.")
    ] = None,
    channel: Annotated[str | None, typer.Option(help="The channel of the contact, such as email.")] = None,
    order_by: Annotated[
        str | None, typer.Option(help="Sort by this column, largest first; -COLUMN sorts smallest first.")
    ] = None,
    limit: Annotated[int | None, typer.Option(help="The maximum number of members.")] = None,
    holdout: Annotated[
        str | None,
        typer.Option(metavar="SHARE:NAME", help="Hold out a share of the members under a name, e.g. 0.1:autumn."),
    ] = None,
    column: Annotated[
        list[str] | None, typer.Option(help="A column to write for each member; may be repeated.")
    ] = None,
    economics: Annotated[
        str | None,
        typer.Option(help='What a campaign earns and costs, as JSON, such as {"margin": 0.3, "contact_cost": 0.1}.'),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write the members to this .csv, .ndjson or .parquet file.")
    ] = None,
    held_out: Annotated[
        HeldOut, typer.Option(help="Members who are held out: left out of the file, alone in it, or with a column.")
    ] = HeldOut.EXCLUDE,
    formulas: Annotated[
        Formulas, typer.Option(help="Text that a spreadsheet takes for a formula: an apostrophe in front, or as it is.")
    ] = Formulas.ESCAPE,
    stored: Annotated[bool, typer.Option("--list", help="List the stored audiences, the oldest first.")] = False,
    delete: Annotated[
        str | None, typer.Option(metavar="ID", help="Delete a stored audience, which makes room for others.")
    ] = None,
    home: HomeDir = None,
    _config: UnusedConfig = None,
    json: Json = False,
) -> None:
    """Select customers by a filter, describe them and, with --out, write them to a file.

    Customers without consent are excluded. `flywheel columns` lists the columns and values of filters.
    """
    from pipelines.steps import audience as step
    from pipelines.steps import stored_audiences

    console = AudienceConsole(json_output=json)
    with exit_on_error(console):
        if delete is not None:
            stored_audiences.delete(resolve_home(home), delete)
            console.show_deleted(delete)
            return
        if stored:
            console.show_stored(*stored_audiences.list_all(resolve_home(home)))
            return
        options = {
            "filter": _parse_json("--filter", filter_json, "one condition or group"),
            "purpose": purpose,
            "channel": channel,
            "order_by": _parse_order(order_by),
            "limit": limit,
            "holdout": _parse_holdout(holdout),
            "columns": column or None,
            "economics": _parse_json("--economics", economics, "one object"),
        }
        body, now = step.build_request(options, request), current_time(context)
        members = None if out is None else step.MembersFile(out, held_out.value, formulas.value)
        console.show_audience(step.run(resolve_home(home), body, now, members), held_out)


def _parse_json(option: str, text: str | None, expected: str) -> Any:  # noqa: ANN401 - any JSON
    import orjson

    try:
        return None if text is None else orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise typer.BadParameter(f"{option} is not JSON: {error}. Expected {expected} in quotes.") from None


def _parse_order(text: str | None) -> dict[str, Any] | None:
    return None if text is None else {"column": text.removeprefix("-"), "descending": not text.startswith("-")}


def _parse_holdout(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    share, _, name = text.partition(":")
    try:
        return {"share": float(share), "name": name}
    except ValueError:
        raise typer.BadParameter(f"Found --holdout {text}. Expected a share and a name like 0.1:autumn.") from None
