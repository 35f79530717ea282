"""Growth command: the options and the output of ``flywheel growth``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.command_context import (
    create_run_context,
    current_time,
    exit_on_error,
    load_config,
    locked_home,
    resolve_home,
)
from pipelines.cli.console import CommandConsole
from pipelines.cli.options import AsOf, Config, HomeDir, Json
from pipelines.cli.tables import titled_table

if TYPE_CHECKING:
    from serving.schemas.growth import CohortResponse, FigureResponse, GrowthResponse, LtvToCacResponse, PeriodResponse

MAX_ROWS = 13


def growth(
    context: typer.Context,
    *,
    update: Annotated[bool, typer.Option("--update", help="Count anew, and close the periods that are over.")] = False,
    config: Config = None,
    home: HomeDir = None,
    as_of: AsOf = None,
    json: Json = False,
) -> None:
    """Show the high-value active customers by week, what moved them, and LTV to CAC by source and month.

    `flywheel run` counts them. A closed week or month never changes; what is known later stands beside it.
    """
    from pipelines.steps import growth as step

    if not update:
        console = GrowthConsole(json_output=json)
        with exit_on_error(console):
            console.show_growth(step.read_answer(resolve_home(home)))
        return
    from pipelines.steps import ingest

    with locked_home("growth", home, json=json) as (locked_console, locked):
        shop_config, now = load_config(config), current_time(context)
        ingest.run(shop_config, locked, now, locked_console.report)
        answer = step.run(create_run_context(shop_config, locked, as_of, locked_console, now))
        GrowthConsole(json_output=json).show_growth(answer)


class GrowthConsole(CommandConsole):
    """Prints the figures of growth."""

    def show_growth(self, answer: GrowthResponse) -> None:
        """Print the number of today, the weeks with what moved them, and LTV to CAC."""
        if self._json_output:
            self._print_json(answer.model_dump(mode="json"))
            return
        today = answer.today
        ago = "" if today.four_weeks_ago is None else f", {_count(today.four_weeks_ago)} four weeks ago"
        self._out.print(f"{_count(today.high_value_active)} high-value active customers on {today.day}{ago}.")
        self._out.print(answer.definition.text.en, soft_wrap=True, markup=False)
        self._out.print(_trend_sentence(answer), soft_wrap=True, markup=False)
        self._show_periods("Weeks", answer.weeks)
        self._show_periods("Months", answer.months)
        self._show_economics(answer.ltv_to_cac)

    def _show_periods(self, title: str, periods: Sequence[PeriodResponse]) -> None:
        if not periods:
            return
        columns = ("period", "", "before", "revised", "new", "won back", "up", "lapsed", "down", "now", "restated")
        table = titled_table(f"{title}: high-value active customers", *columns)
        for each in periods[-MAX_ROWS:]:
            table.add_row(
                each.period,
                "" if each.status == "closed" else each.status,
                *map(_count, (each.previous, each.revised, each.new, each.won_back, each.upgraded)),
                *(f"-{_count(number)}" if number else "0" for number in (each.lapsed, each.downgraded)),
                _count(each.high_value_active),
                "" if each.restated is None else _count(each.restated.high_value_active),
            )
        self._out.print(table)
        notes = {each.restated.note.en for each in periods[-MAX_ROWS:] if each.restated is not None}
        for note in sorted(notes):
            self._out.print(f"Restated: {note}", soft_wrap=True, markup=False)

    def _show_economics(self, economics: LtvToCacResponse) -> None:
        if economics.detail is not None:
            self._out.print(f"LTV to CAC: {economics.detail.en}", soft_wrap=True, markup=False)
        overall = [] if economics.overall is None else [economics.overall]
        self._show_cohorts(
            f"LTV to CAC by source, {economics.currency} ({economics.label})", [*economics.by_source, *overall]
        )
        self._show_cohorts(f"LTV to CAC by month, {economics.currency} ({economics.label})", economics.by_month)

    def _show_cohorts(self, title: str, cohorts: Sequence[CohortResponse]) -> None:
        if not cohorts:
            return
        columns = ("", "cost", "new", "CAC", "LTV so far", "predicted", "so far / CAC", "expected / CAC")
        table = titled_table(title, *columns)
        for each in cohorts:
            values = (each.cac, each.realised_ltv, each.predicted_ltv)
            ratios = (each.realised_ratio, each.expected_ratio)
            cells = (*map(_value, values), *map(_value_with_interval, ratios))
            table.add_row(each.name, f"{each.cost:,.0f}", _count(each.new_customers), *cells)
        self._out.print(table)
        figures = [figure for each in cohorts for figure in (each.cac, each.predicted_ltv, each.realised_ratio)]
        first_details = {figure.status: figure.detail for figure in reversed(figures) if figure.detail}
        for detail in first_details.values():
            self._out.print(detail, soft_wrap=True, markup=False)


def _trend_sentence(answer: GrowthResponse) -> str:
    trend = answer.trend
    if trend.per_week is None or trend.low is None or trend.high is None:
        return trend.detail or ""
    return (
        f"Over {trend.weeks} weeks: {trend.per_week:+.1f} customers a week (95 %: {trend.low:+.1f} to "
        f"{trend.high:+.1f}), {trend.direction}."
    )


def _count(number: int | None) -> str:
    return "" if number is None else f"{number:,}"


def _value(figure: FigureResponse) -> str:
    return figure.status.replace("_", " ") if figure.value is None else f"{figure.value:,.2f}"


def _value_with_interval(figure: FigureResponse) -> str:
    interval = "" if figure.low is None else f" ({figure.low:,.2f} to {figure.high:,.2f})"
    return f"{_value(figure)}{interval}"
