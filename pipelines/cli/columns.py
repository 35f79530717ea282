"""Columns command: the options and the output of ``flywheel columns``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.command_context import exit_on_error, load_config_if_present, resolve_home
from pipelines.cli.console import CommandConsole
from pipelines.cli.options import Config, HomeDir, Json
from pipelines.cli.tables import format_number, titled_table

if TYPE_CHECKING:
    from pipelines.scoring.column_values import ColumnValues
    from pipelines.steps.columns import ColumnCatalogue, DescribedColumn


def columns(
    *,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help="Columns to describe; a name may contain * and ?.")
    ] = None,
    home: HomeDir = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Describe the columns of the scores table: meaning, type, and the range or the values with their counts."""
    from pipelines.steps import columns as step

    console = ColumnConsole(json_output=json)
    with exit_on_error(console):
        console.show_columns(step.run(resolve_home(home), load_config_if_present(config), names or ()))


class ColumnConsole(CommandConsole):
    """Prints described columns."""

    def show_columns(self, catalogue: ColumnCatalogue) -> None:
        """Print one table per group of columns."""
        if self._json_output:
            payload = [_column_payload(column) for column in catalogue.columns]
            self._print_json({"customers": catalogue.customers, "columns": payload})
            return
        for group, described in groupby(catalogue.columns, key=lambda column: column.group):
            table = titled_table(group, "column", "type", "values", "meaning")
            for column in described:
                table.add_row(column.spec.name, _type_name(column), describe_values(column.values), column.spec.meaning)
            self._out.print(table)
        self._out.print(
            "There is no scores table yet, so the columns have no values: `flywheel run` writes it."
            if catalogue.customers is None
            else f"{catalogue.customers:,} customers.",
            soft_wrap=True,
        )


def describe_values(values: ColumnValues | None) -> str:
    """The values of a column in words: its range, or its values with their counts, and how many are missing."""
    if values is None:
        return ""
    parts = [f"{values.nulls:,} null"] if values.nulls else []
    if values.counts is not None:
        parts = [*(f"{value}: {count:,}" for value, count in values.counts.items()), *_further(values), *parts]
    elif values.distinct is not None:
        parts = [f"{values.distinct:,} different", *parts]
    elif values.minimum is not None:
        ends = dict.fromkeys((_format(values.minimum), _format(values.maximum)))
        parts = [" to ".join(ends), *parts]
    return ", ".join(parts) or "none"


def _further(values: ColumnValues) -> list[str]:
    further = (values.distinct or 0) - len(values.counts or ())
    return [f"{further:,} further values"] if further else []


def _format(value: object) -> str:
    match value:
        case datetime():
            return f"{value:%Y-%m-%d %H:%M}"
        case float():
            return format_number(value)
    return str(value)


def _type_name(column: DescribedColumn) -> str:
    from pipelines.scoring.column_catalogue import type_name

    return type_name(column.spec.type)


def _column_payload(column: DescribedColumn) -> Mapping[str, object]:
    values = {} if column.values is None else vars(column.values)
    spec = column.spec
    return {"name": spec.name, "group": column.group, "type": _type_name(column), "meaning": spec.meaning, **values}
