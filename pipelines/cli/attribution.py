"""Attribution command: the options and the output of ``flywheel attribution``."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.command_context import current_time, exit_on_error, resolve_home
from pipelines.cli.console import CommandConsole
from pipelines.cli.options import HomeDir, Json, UnusedConfig, parse_day
from pipelines.cli.tables import titled_table

if TYPE_CHECKING:
    from serving.schemas.attribution import (
        AttributionResponse,
        ChannelResponse,
        CostResponse,
        CreditsResponse,
        IncrementalResponse,
    )

_RULES = ("last_touch", "first_touch", "linear", "markov", "shapley")


def attribution(
    context: typer.Context,
    *,
    first: Annotated[date, typer.Option("--from", metavar="DATE", parser=parse_day, help="The first day.")],
    end: Annotated[
        date, typer.Option("--to", metavar="DATE", parser=parse_day, help="The first day that no longer counts.")
    ],
    channel: Annotated[str | None, typer.Option(help="Show only this channel.")] = None,
    home: HomeDir = None,
    _config: UnusedConfig = None,
    json: Json = False,
) -> None:
    """Show what each channel caused, where a hold-out tells, beside what path rules credit it with.

    Only a hold-out that was drawn at random says what was caused. Path rules divide the conversions that happened.
    """
    from pipelines.steps import attribution as step
    from training.attribution.period import Period

    console = AttributionConsole(json_output=json)
    with exit_on_error(console):
        console.show_attribution(step.run(resolve_home(home), Period(first, end), channel, current_time(context)))


class AttributionConsole(CommandConsole):
    """Prints the attribution of a period."""

    def show_attribution(self, answer: AttributionResponse) -> None:
        """Print what was caused, what was credited, the average costs, and why numbers are missing."""
        if self._json_output:
            self._print_json(answer.model_dump(mode="json", by_alias=True))
            return
        self._out.print(
            f"{answer.conversions:,} conversions from {answer.from_} until before {answer.to}, "
            f"{answer.touched_conversions:,} of them with a touch in the 30 days before.",
            soft_wrap=True,
        )
        self._show_caused(answer.channels)
        self._show_credited(answer)
        if answer.costs:
            self._show_costs(answer.costs)

    def _show_caused(self, channels: list[ChannelResponse]) -> None:
        table = titled_table(
            "Caused by the channels, by hold-outs (randomised)",
            "channel", "touches", "withheld", "caused", "95 % interval", "by the hazard\n(observational)",
        )  # fmt: skip
        for each in channels:
            table.add_row(
                each.channel, f"{each.touches:,}", f"{each.withheld:,}", *_estimate(each.incremental),
                _whole(each.exposure.conversions),
            )  # fmt: skip
            for campaign in each.campaigns:
                table.add_row(f"  {campaign.campaign}", "", "", *_estimate(campaign.incremental), "")
        self._out.print(table)
        for each in channels:
            if each.incremental.detail:
                self._out.print(f"{each.channel}: {each.incremental.detail}", soft_wrap=True, markup=False)

    def _show_credited(self, answer: AttributionResponse) -> None:
        rules = (rule.replace("_", " ") for rule in _RULES)
        table = titled_table(f"Path rules: {answer.credited.label}", "channel", *rules)
        for each in answer.channels:
            table.add_row(each.channel, *_credits(each.credited))
        table.add_section()
        table.add_row("all channels", *_credits(answer.credited))
        table.add_row("conversions", *[f"{answer.conversions:,}"] * len(_RULES))
        self._out.print(table)

    def _show_costs(self, costs: list[CostResponse]) -> None:
        table = titled_table(f"Costs by source: {costs[0].label}", "source", "amount", "new customers", "average")
        for cost in costs:
            average = "" if cost.average is None else f"{cost.average:,.2f}"
            table.add_row(cost.source, f"{cost.amount:,.2f}", f"{cost.new_customers:,}", average)
        self._out.print(table)
        self._out.print("What one more customer costs needs spend that was changed at random.")


def _estimate(estimate: IncrementalResponse) -> tuple[str, str]:
    """The conversions and their interval, or the reason why there are none."""
    if estimate.conversions is None:
        return "unknown", estimate.reason or ""
    return _whole(estimate.conversions), f"{_whole(estimate.low)} to {_whole(estimate.high)}"


def _whole(value: float | None) -> str:
    """A whole number, without the minus sign of a value that rounds to 0."""
    return "" if value is None else f"{value:z,.0f}"


def _credits(credits_: CreditsResponse) -> list[str]:
    return [f"{getattr(credits_, rule):,.0f}" for rule in _RULES]
