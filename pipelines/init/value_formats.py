"""Value formats: the keys that say how dates and numbers are written, where they are not ISO and with a point."""

from __future__ import annotations

from collections.abc import Sequence

from features.ingestion.values.date_formats import ISO, DateFormats
from features.ingestion.values.number_formats import PLAIN
from pipelines.init.candidates import ExportTable
from pipelines.init.choice import Choice
from pipelines.init.value_profile import ValueProfile

_DAY_FIRST = ("%d", "%-d")


def date_choices(table: ExportTable, columns: Sequence[str], day_first: bool | None) -> list[Choice]:  # noqa: FBT001 -- None where nothing is known
    """The choice for date_format, or none for ISO dates; ``columns`` are date, or date and time."""
    profile = _together([table.profiles[column] for column in columns])
    readings = list(profile.date_readings)
    if not readings or readings[0] == (ISO,):
        return []
    preferred = [reading for reading in readings if _is_day_first(reading) == (day_first is not False)]
    chosen = (preferred or readings)[0]
    others = [reading for reading in readings if reading != chosen]
    questions = [f"no date tells day and month apart; is it {_text(others[0])!r}?"] if others else []
    value = chosen[0] if len(chosen) == 1 else list(chosen)
    return [Choice("date_format", value, f"dates such as {profile.values[0]!r}", tuple(questions))]


def number_choices(profiles: Sequence[ValueProfile]) -> list[Choice]:
    """The choices for decimal and thousands, or none for numbers that ingestion reads in one way anyway."""
    formats = [profile.number_readings for profile in profiles if profile.number_readings]
    telling = next((readings for readings in formats if readings[0] != PLAIN), None)
    unsure = next((readings for readings in formats if len(readings) > 1), None)
    if telling is None and unsure is None:
        return []
    chosen = telling[0] if telling else unsure[-1] if unsure else PLAIN
    example = next((value for profile in profiles for value in profile.values if chosen in profile.number_readings), "")
    questions = (
        (f"the numbers do not tell point and comma apart; is it {unsure[0].keys}?",) if unsure and not telling else ()
    )
    choices = [Choice("decimal", chosen.decimal, f"numbers such as {example}", questions)]
    return choices + ([Choice("thousands", chosen.thousands)] if chosen.thousands else [])


def _together(profiles: Sequence[ValueProfile]) -> ValueProfile:
    """The profile of a date and a time as ingestion joins them, with a blank."""
    if len(profiles) == 1:
        return profiles[0]
    texts = tuple(
        " ".join(parts) if all(parts) else "" for parts in zip(*(each.texts for each in profiles), strict=True)
    )
    return ValueProfile(" + ".join(each.column for each in profiles), "VARCHAR", texts)


def _is_day_first(reading: DateFormats) -> bool:
    return reading[0].startswith(_DAY_FIRST)


def _text(reading: DateFormats) -> str:
    return reading[0] if len(reading) == 1 else ", ".join(reading)
