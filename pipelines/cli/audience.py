"""Audience command: the options and the output of ``flywheel audience``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.cli.command_context import current_time, exit_on_error, resolve_home
from pipelines.cli.console import CommandConsole
from pipelines.cli.expected_totals import expected_total_lines
from pipelines.cli.options import HomeDir, Json, UnusedConfig
from pipelines.cli.tables import titled_table

if TYPE_CHECKING:
    from pipelines.steps.audience import AudienceOutput


class HeldOut(StrEnum):
    """The choice of held-out members in a file."""

    EXCLUDE = "exclude"
    ONLY = "only"
    INCLUDE = "include"


HELD_OUT_SENTENCES = {
    HeldOut.EXCLUDE: "they are not in the file.",
    HeldOut.ONLY: "the file has them alone. Do not contact them.",
    HeldOut.INCLUDE: "the column holdout says who. Do not contact them.",
}


class Formulas(StrEnum):
    """How text that looks like a formula is written in CSV."""

    ESCAPE = "escape"
    KEEP = "keep"


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
    out: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write the members to this .csv, .ndjson or .parquet file.")
    ] = None,
    held_out: Annotated[
        HeldOut, typer.Option(help="Members who are held out: left out of the file, alone in it, or with a column.")
    ] = HeldOut.EXCLUDE,
    formulas: Annotated[
        Formulas, typer.Option(help="Text that a spreadsheet takes for a formula: an apostrophe in front, or as it is.")
    ] = Formulas.ESCAPE,
    home: HomeDir = None,
    _config: UnusedConfig = None,
    json: Json = False,
) -> None:
    """Select customers by a filter, describe them and, with --out, write them to a file.

    Customers without consent are excluded. `flywheel columns` lists the columns and values of filters.
    """
    from pipelines.steps import audience as step

    console = AudienceConsole(json_output=json)
    with exit_on_error(console):
        options = {
            "filter": _parse_json(filter_json),
            "purpose": purpose,
            "channel": channel,
            "order_by": _parse_order(order_by),
            "limit": limit,
            "holdout": _parse_holdout(holdout),
            "columns": column or None,
        }
        body, now = step.build_request(options, request), current_time(context)
        members = None if out is None else step.MembersFile(out, held_out.value, formulas.value)
        console.show_audience(step.run(resolve_home(home), body, now, members), held_out)


class AudienceConsole(CommandConsole):
    """Prints an audience."""

    def show_audience(self, output: AudienceOutput, held_out: HeldOut) -> None:
        """Print the size, the composition and the expected totals of an audience."""
        answer = output.answer
        if self._json_output:
            self._print_json({**answer.model_dump(mode="json"), "members": output.path})
            return
        scores = answer.scores
        more = (
            "" if answer.excluded_by_consent is None else f"; about {answer.excluded_by_consent:,} have not consented"
        )
        self._out.print(
            f"{answer.count:,} of {scores.customers:,} customers, scored by release {scores.release}{more} "
            f"(consent state {answer.consent_state}).",
            soft_wrap=True,
        )
        for note in answer.notes:
            self._out.print(f"Note: {note}", soft_wrap=True, markup=False)
        if not answer.count:
            return
        expected = (answer.expected_conversions, answer.expected_orders, answer.expected_revenue)
        for line in expected_total_lines(*expected, answer.currency):
            self._out.print(line, soft_wrap=True)
        if answer.holdout_count is not None:
            self._out.print(f"{answer.holdout_count:,} of them are held out: {HELD_OUT_SENTENCES[held_out]}")
        for name, parts in answer.composition.items():
            shown = titled_table(name.replace("_", " "), "value", "members", "share")
            for part in parts:
                shown.add_row(part.value or "none", f"{part.count:,}", f"{part.share:.1%}")
            self._out.print(shown)
        location = f"Members: {output.path}" if output.path else "Members: not written, use --out FILE"
        self._out.print(
            f"{location}; read them page by page from the service as audience {answer.audience_id}.", soft_wrap=True
        )


def _parse_json(text: str | None) -> Any:  # noqa: ANN401 - any JSON
    import orjson

    try:
        return None if text is None else orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise typer.BadParameter(f"--filter is not JSON: {error}. Expected one condition or group in quotes.") from None


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
