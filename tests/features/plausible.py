"""The notes of a small log, and an ordinary log to put an implausible line into."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

from features.config.shop import ShopConfig
from features.history import History
from features.plausibility.history_notes import history_notes
from features.plausibility.outlying_dates import find_outlying_dates
from features.plausibility_note import PlausibilityNote
from tests.logs import LINES, cutoff, history_of

FIRST, AFTER = date(2026, 1, 1), "2026-05-01"
Line = tuple[object, ...]


def ordinary_lines(count: int = 120, customers: int = 40) -> list[Line]:
    """One order a day, of customers in turn, with amounts from 10.50 to 16.50."""
    return [
        (f"c{number % customers:02d}", f"{FIRST + timedelta(days=number)} 10:30", f"{10 + number % 7}.50")
        for number in range(count)
    ]


def notes_of(
    lines: Sequence[Line],
    as_of: str = AFTER,
    *,
    zone: str = "UTC",
    currency: str = "EUR",
    columns: Sequence[str] = LINES,
) -> dict[str, PlausibilityNote]:
    """The notes of a log of these lines (customer, wall clock in the zone, amount) by their codes."""
    return notes_of_history(history_of(*lines, columns=columns, zone=zone), as_of, zone=zone, currency=currency)


def notes_of_history(
    log: History, as_of: str = AFTER, *, zone: str = "UTC", currency: str = "EUR"
) -> dict[str, PlausibilityNote]:
    """The notes of a history by their codes."""
    now = cutoff(as_of, zone)
    orders = {"path": "orders.csv", "customer_id": "customer", "ordered_at": "at"}
    config = ShopConfig.model_validate({
        "name": "shop", "currency": currency, "timezone": zone, "orders": orders, "folder of flywheel.toml": Path(),
    })  # fmt: skip
    notes = list(history_notes(log, now, find_outlying_dates(log.before(now)), config))
    by_code = {note.code: note for note in notes}
    assert len(by_code) == len(notes)
    return by_code


def severities(notes: dict[str, PlausibilityNote]) -> dict[str, str]:
    """The severity of each code."""
    return {code: note.severity for code, note in notes.items()}
