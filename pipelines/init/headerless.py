"""Headerless files: the amount and the quantity of a file without column names, by their values alone."""

from __future__ import annotations

from statistics import median

from features.ingestion.values.number_formats import read_number
from pipelines.init.candidates import ExportTable
from pipelines.init.choice import Choice
from pipelines.init.value_profile import ValueProfile

MAX_QUANTITY = 20.0  # of the median line


def choose_by_values(table: ExportTable, taken: list[str]) -> tuple[Choice | None, Choice | None]:
    """The choices for amount and quantity: numbers with a fraction, and small whole numbers."""
    numbers = [profile for column, profile in table.profiles.items() if column not in taken and profile.is_number]
    fractional = [profile for profile in numbers if profile.is_fractional]
    whole = [profile for profile in numbers if not profile.is_fractional and 0 < _median(profile) <= MAX_QUANTITY]
    amount = max(fractional, key=_median, default=None)
    quantity = max(whole, key=lambda profile: profile.fill, default=None)
    question = ("the file has no column names: are these the right columns?",)
    return (
        Choice("amount", amount.column, f"numbers such as {', '.join(amount.values[:3])}", question)
        if amount
        else None,
        Choice("quantity", quantity.column, f"numbers such as {', '.join(quantity.values[:3])}") if quantity else None,
    )


def _median(profile: ValueProfile) -> float:
    readings = (read_number(value, profile.number_readings[0]) for value in profile.values[:1000])
    numbers = [float(number) for number in readings if number is not None]
    return median(numbers) if numbers else 0.0
