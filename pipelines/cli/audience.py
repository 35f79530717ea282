"""``flywheel audience``: its options, and how its answer is shown."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.cli.command_context import exit_on_error, resolve_home
from pipelines.cli.console import CommandConsole, titled_table
from pipelines.cli.options import Config, HomeDir, Json

if TYPE_CHECKING:
    from pipelines.steps.audience import AudienceOutput
    from serving.audiences.schema import ExpectedTotal


def audience(  # noqa: PLR0913 -- each is an option of the command
    context: typer.Context,
    *,
    request: Annotated[Path | None, typer.Option(help="A file with a request as POST /v1/audiences takes it.")] = None,
    where: Annotated[str | None, typer.Option("--filter", help="Who belongs to it, as JSON.")] = None,
    purpose: Annotated[str | None, typer.Option(help="marketing, by default, or profiling.")] = None,
    channel: Annotated[str | None, typer.Option(help="On which members are to be reached.")] = None,
    order_by: Annotated[str | None, typer.Option(help="A column, the largest first; -COLUMN for the smallest.")] = None,
    limit: Annotated[int | None, typer.Option(help="The most members.")] = None,
    holdout: Annotated[str | None, typer.Option(metavar="SHARE:NAME", help="Whom not to approach: 0.1:autumn.")] = None,
    column: Annotated[list[str] | None, typer.Option(help="What is written of each member; may be repeated.")] = None,
    out: Annotated[Path | None, typer.Option(dir_okay=False, help="Members as .csv, .ndjson or .parquet.")] = None,
    home: HomeDir = None,
    _config: Config = None,
    json: Json = False,
) -> None:
    """Whom to reach: counted, described, and with --out written to a file; nobody without consent."""
    from pipelines.steps import audience as step

    screen = AudienceConsole(json_output=json)
    with exit_on_error(screen):
        said = {
            "filter": _parse_json(where),
            "purpose": purpose,
            "channel": channel,
            "order_by": _parse_order(order_by),
            "limit": limit,
            "holdout": _parse_holdout(holdout),
            "columns": column or None,
        }
        now: datetime = context.obj()
        screen.show_audience(step.run(resolve_home(home), step.build_request(said, request), now, out))


class AudienceConsole(CommandConsole):
    """Shows who was found."""

    def show_audience(self, output: AudienceOutput) -> None:
        """How many, of which kind, and what to expect of them."""
        answer = output.answer
        if self._json_output:
            self._print_json({**answer.model_dump(mode="json"), "members": output.path})
            return
        scores = answer.scores
        self._out.print(
            f"{answer.count:,} of {scores.customers:,} customers, scored by release {scores.release}; "
            f"{answer.excluded_by_consent:,} more have not consented (consent state {answer.consent_state}).",
            soft_wrap=True,
        )
        if not answer.count and answer.excluded_by_consent:
            self._out.print(
                "Nobody of them agreed. Give their consents ([consents], or PUT /v1/customers/{id}/consents), or say "
                "what counts for those who were never asked: [business.consent_defaults].",
                soft_wrap=True,
            )
            return
        for what, expected in (("order", answer.expected_conversions), ("spend", answer.expected_revenue)):
            if expected is not None:
                unit = "" if what == "order" else f" {answer.currency}"
                self._out.print(
                    f"Expected to {what} within {expected.horizon_days} days: {_format_estimate(expected)}{unit}."
                )
        if answer.holdout_count is not None:
            self._out.print(f"{answer.holdout_count:,} of them are held out: do not approach them.")
        for name, parts in answer.composition.items() if answer.count else ():
            shown = titled_table(name.replace("_", " "), "value", "members", "share")
            for part in parts:
                shown.add_row(part.value or "none", f"{part.count:,}", f"{part.share:.1%}")
            self._out.print(shown)
        where = f"Members: {output.path}" if output.path else "Members: --out writes them"
        self._out.print(f"{where}; the service pages them as audience {answer.audience_id}.", soft_wrap=True)


def _format_estimate(estimate: ExpectedTotal) -> str:
    mean = f"{estimate.mean:,.0f}"
    if estimate.interval is None:
        return f"{mean} ({(estimate.reason or '').rstrip('.')})"
    return f"{mean} (80 %: {estimate.interval.p10:,.0f} to {estimate.interval.p90:,.0f})"


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
