"""Time choice: the column with the time of the order, or two columns with its date and its time."""

from __future__ import annotations

import re

from features.ingestion.values.date_formats import EXCEL, ISO
from pipelines.init.candidates import ExportTable, best_candidate, close_candidates
from pipelines.init.choice import Choice
from pipelines.init.layout import Layout
from pipelines.init.value_profile import ValueProfile

_TIME_OF_DAY = re.compile(r"\d{1,2}[:.]\d\d([:.]\d\d)?( ?[AaPp]\.?[Mm]\.?)?")
_HAS_TIME = re.compile(r"\d:\d\d")
MIN_FILL = 0.5


def choose_time(table: ExportTable, layout: Layout | None) -> Choice | None:
    """The choice for ordered_at, or None where no column has dates."""
    source = layout.source("ordered_at", table.export.columns) if layout else None
    if source is not None:
        return Choice("ordered_at", source, f"{_examples(table, time_columns(source, table))}, as in this layout")
    candidates = table.candidates("ordered_at", _is_date_column)
    chosen = best_candidate(candidates) or _any_date(table)
    if chosen is None:
        return None
    questions = tuple(f'is "{other}" the time of the order?' for other in close_candidates(candidates, chosen))
    clock = None if _has_time_of_day(table.profiles[chosen]) else _clock_column(table, chosen)
    if clock:
        return Choice(
            "ordered_at",
            f"{chosen} + {clock}",
            f"date and time stand in two columns: {_examples(table, [chosen, clock])}",
            questions,
        )
    return Choice("ordered_at", chosen, _examples(table, [chosen]), questions)


def time_columns(source: str, table: ExportTable) -> list[str]:
    """The columns of a time: one, or those of date and time."""
    return [source] if source in table.profiles else [part.strip() for part in source.split(" + ")]


def _is_date_column(profile: ValueProfile) -> bool:
    return profile.fill >= MIN_FILL and profile.is_date and len(profile.counts) > 1


def _any_date(table: ExportTable) -> str | None:
    """The first column with nothing but dates, which no number can be, where no name tells."""
    dates = [column for column, profile in table.profiles.items() if _is_date_column(profile)]
    written_as_date = [column for column in dates if not table.profiles[column].is_number]
    plausible = written_as_date or ([] if table.export.has_header else dates)
    if table.export.has_header:
        return plausible[0] if len(plausible) == 1 else None
    # A short number may be a spreadsheet's day or seconds as well as an id: a written date comes first.
    return min(plausible, key=lambda column: _readability(table.profiles[column]), default=None)


def _readability(profile: ValueProfile) -> int:
    first = profile.date_readings[0][0]
    return 0 if "%" in first or first == ISO else 2 if first == EXCEL else 1


def _has_time_of_day(profile: ValueProfile) -> bool:
    return any(_HAS_TIME.search(value) for value in profile.values[:200])


def _clock_column(table: ExportTable, chosen: str) -> str | None:
    candidates = table.candidates(
        "order_time", lambda profile: bool(profile.values) and all(map(_TIME_OF_DAY.fullmatch, profile.values))
    )
    return best_candidate(candidates, [chosen])


def _examples(table: ExportTable, columns: list[str]) -> str:
    parts = [f"'{column}', such as {next(iter(table.profiles[column].values), '')!r}" for column in columns]
    return " and ".join(parts)
