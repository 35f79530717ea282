"""Value formats: the keys that say how dates and numbers are written, where they are not ISO and with a point."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.init.candidates import ExportTable
from pipelines.init.choice import Choice
from pipelines.init.value_profile import ValueProfile

DAY_FIRST = ("%d/%m", "%d-%m", "%d.%m")


def date_choices(table: ExportTable, columns: Sequence[str], day_first: bool | None) -> list[Choice]:  # noqa: FBT001 -- None where nothing is known
    """The choice for date_format, or none for dates that need no format; ``columns`` are date, or date and time."""
    profile = table.profiles[columns[0]]
    forms = [form for form in profile.date_forms if form]
    if not forms:
        return []
    preferred = [form for form in forms if form.startswith(DAY_FIRST) == (day_first is not False)]
    chosen = (preferred or forms)[0]
    clock = _clock_form(table.profiles[columns[1]]) if len(columns) > 1 else ""
    questions = []
    if len(forms) > 1 and {form[:5] for form in forms} != {chosen[:5]}:
        questions = [f"no date tells day and month apart; the other way would be {forms[forms.index(chosen) - 1]!r}."]
    return [Choice("date_format", chosen + clock, f"dates such as {profile.values[0]!r}", tuple(questions))]


def number_choices(profiles: Sequence[ValueProfile]) -> list[Choice]:
    """The choices for decimal and thousands, or none for numbers with a point and nothing between thousands."""
    forms = [profile.number_form for profile in profiles if profile.number_form]
    decimal = next((form.decimal for form in forms if form.decimal != "."), ".")
    thousands = next((form.thousands for form in forms if form.thousands), "")
    example = next((value for profile in profiles for value in profile.values if thousands and thousands in value), "")
    choices = [Choice("decimal", decimal, "numbers with a decimal comma")] if decimal != "." else []
    return choices + ([Choice("thousands", thousands, f"thousands as in {example!r}")] if thousands else [])


def _clock_form(profile: ValueProfile) -> str:
    value = profile.values[0]
    twelve_hours = value.strip()[-1:].lower() == "m"
    seconds = value.count(":") == 2
    return f" {'%I' if twelve_hours else '%H'}:%M{':%S' if seconds else ''}" + (" %p" if twelve_hours and " " in value else "%p" if twelve_hours else "")
