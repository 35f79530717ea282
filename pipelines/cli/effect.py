"""Effect command: the options and the output of ``flywheel effect``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from features.calendar import micros
from pipelines.cli.as_of import resolve_as_of
from pipelines.cli.command_context import current_time, exit_on_error, load_config_if_present, resolve_home
from pipelines.cli.console import CommandConsole
from pipelines.cli.options import AsOf, Config, HomeDir, Json, parse_day
from pipelines.cli.tables import titled_table

if TYPE_CHECKING:
    from serving.schemas.effects import EffectResponse, Interval, ObservedEffect, RandomisedEffect

_SHARE = "{:.1%}".format


def effect(  # noqa: PLR0913 -- each is an option of the command
    context: typer.Context,
    *,
    event: Annotated[str, typer.Argument(metavar="EVENT", help="The kind of event, such as cooking_class.")],
    outcome: Annotated[str, typer.Option(help="What is measured: spend or orders.")] = "spend",
    within_days: Annotated[int, typer.Option(help="Days from the attendance on, from 7 to 365.")] = 84,
    from_day: Annotated[
        date | None,
        typer.Option("--from", metavar="DATE", parser=parse_day, help="The first day of attendances that count."),
    ] = None,
    to_day: Annotated[
        date | None, typer.Option("--to", metavar="DATE", parser=parse_day, help="The day after the last one.")
    ] = None,
    invitation_experiment: Annotated[
        str | None,
        typer.Option(metavar="ID", help="The experiment or campaign that drew at random who was invited."),
    ] = None,
    config: Config = None,
    home: HomeDir = None,
    as_of: AsOf = None,
    json: Json = False,
) -> None:
    """What attending an event did to spend or orders, or why that is not known."""
    from pipelines.steps import effect as step

    console = EffectConsole(json_output=json)
    with exit_on_error(console):
        resolved, now = resolve_home(home), current_time(context)
        shop_config = load_config_if_present(config)
        zone = resolved.zone() if shop_config is None else shop_config.zone
        options = {
            "event": event,
            "outcome": outcome,
            "within_days": within_days,
            "from": from_day,
            "to": to_day,
            "invitation_experiment": invitation_experiment,
        }
        console.show_effect(step.run(resolved, options, zone, resolve_as_of(as_of, zone, now), micros(now)))


class EffectConsole(CommandConsole):
    """Prints the effect of an event."""

    def show_effect(self, answer: EffectResponse) -> None:
        """Print the numbers with their evidence, or the refusal in their place."""
        if self._json_output:
            self._print_json(answer.model_dump(mode="json"))
            return
        self._out.print(
            f"{answer.event}: {answer.attendees:,} attendees, {answer.mature:,} with {answer.within_days} days over, "
            f"{answer.compared:,} compared with {answer.never_attended:,} who never attended, in {answer.cohorts:,} "
            "weeks of attendance.",
            soft_wrap=True,
        )
        if answer.ordered_that_day is not None:
            self._out.print(
                f"{_SHARE(answer.ordered_that_day)} of them ordered on the day of attendance; near 100 % the event is "
                "part of an order, and its effect has that order in it.",
                soft_wrap=True,
            )
        for line in _observed_lines(answer.attending, answer.outcome):
            self._out.print(line, soft_wrap=True)
        if answer.attending.diagnostics:
            self._show_diagnostics(answer.attending)
        if answer.invitations is not None:
            for line in _randomised_lines(answer.invitations, answer.outcome):
                self._out.print(line, soft_wrap=True)

    def _show_diagnostics(self, effect: ObservedEffect) -> None:
        title = "What each comparison finds for pseudo-attendees, who did not attend: its bias"
        table = titled_table(title, "comparison", "finds", "passes")
        for row in effect.diagnostics:
            table.add_row(row.estimator, f"{row.pseudo_effect:,.2f}", "yes" if row.passes else "no")
        self._out.print(table)


def _observed_lines(effect: ObservedEffect, outcome: str) -> Iterator[str]:
    yield f"Attending ({effect.evidence}): {effect.reason or effect.status}. {effect.detail}"
    if effect.per_attendee is not None:
        yield f"  {outcome} per attendee: {_interval(effect.per_attendee)}, matched."
    if effect.doubly_robust is not None:
        yield f"  {outcome} per attendee: {_interval(effect.doubly_robust)}, doubly robust."
    if effect.sensitivity is not None:
        sensitivity = effect.sensitivity
        yield (
            f"  A hidden cause that explains {_SHARE(sensitivity.robustness_value)} of what is left of attending and "
            f"of {outcome} would explain it away, one of {_SHARE(sensitivity.robustness_value_interval)} its interval; "
            f"the purchases before explain {_SHARE(sensitivity.recorded_attending)} and "
            f"{_SHARE(sensitivity.recorded_outcome)}."
        )


def _randomised_lines(effect: RandomisedEffect, outcome: str) -> Iterator[str]:
    yield (
        f"Invitations ({effect.evidence}): {effect.reason or effect.status}. {effect.invited:,} invited, "
        f"{effect.not_invited:,} not. {effect.detail}"
    )
    if effect.per_invited is not None and effect.uptake is not None:
        yield f"  {outcome} per customer invited: {_interval(effect.per_invited)}."
        yield f"  attended because of it: {_SHARE(effect.uptake.value)}."
    if effect.per_attendee is not None:
        yield f"  {outcome} per customer who came because of it: {_interval(effect.per_attendee)}."


def _interval(interval: Interval) -> str:
    return f"{interval.value:,.2f} (95 %: {interval.low:,.2f} to {interval.high:,.2f})"
