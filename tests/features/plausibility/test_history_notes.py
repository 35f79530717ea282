"""Data quality: lines that look like mistakes are named in a sentence, and ordinary logs in none."""

from __future__ import annotations

from datetime import date, timedelta

from features.plausibility.outlying_dates import find_outlying_dates
from tests.logs import cutoff, history_of
from training.dataset.data_quality import data_quality_notes

FIRST = date(2026, 1, 1)
ORDINARY = [(f"c{number % 40:02d}", str(FIRST + timedelta(days=number)), 10 + number % 7) for number in range(120)]
AFTER = "2026-07-01"


def notes(*lines: tuple[object, ...], as_of: str = AFTER) -> tuple[str, ...]:
    log, now = history_of(*lines), cutoff(as_of)
    return data_quality_notes(log, now, find_outlying_dates(log.before(now)))


def test_an_ordinary_log_has_no_note() -> None:
    assert notes(*ORDINARY) == ()


def test_a_line_of_another_century_is_named() -> None:
    (note,) = notes(*ORDINARY, ("ann", "1900-01-01", 10))
    assert note == (
        "Dates: 1 order line is dated 1900-01-01, 46,021 days before the next. Expected dates of the shop's "
        "life: correct them. Until then they count as of 2026-01-01."
    )
    (note,) = notes(*ORDINARY, ("ann", "1900-01-01", 10), ("bob", "1970-01-01", 10))
    assert note.startswith("Dates: 2 order lines are dated 1900-01-01 to 1970-01-01, 20,454 days before the next.")


def test_lines_after_the_cutoff_are_counted_with_the_farthest_date() -> None:
    (note,) = notes(*ORDINARY, ("c01", AFTER, 10), ("c02", "2036-05-01", 10))
    assert note == (
        "Dates: 2 order lines are dated 2026-07-01 or later, the farthest 2036-05-01. Nothing is learned "
        "from them. Expected for an --as-of in the past; otherwise correct their dates."
    )


def test_a_giant_amount_is_named_with_the_usual_ones() -> None:
    (note,) = notes(*ORDINARY, ("c01", "2026-02-01", 987_654_321), ("c01", "2026-02-02", 15_000))
    assert note == (
        "Amounts: 1 order line is above 1,000 times the 99.9th percentile, 15,000.00; the largest is "
        "987,654,321.00. Expected amounts of one currency and one decimal mark: correct them. Until then no "
        "prediction rests on more than a plausible amount."
    )


def test_a_giant_return_is_a_giant_amount_too() -> None:
    (note,) = notes(*ORDINARY, ("c01", "2026-02-01", -500_000))
    assert "the largest is 500,000.00" in note


def test_an_id_with_a_large_share_of_all_lines_is_named() -> None:
    guest = [("guest", str(FIRST + timedelta(days=number)), 10) for number in range(40)]
    (note,) = notes(*ORDINARY, *guest)
    assert note == (
        "Customers: 'guest' has 25% of all order lines. If it stands for unknown customers, leave "
        "customer_id empty in these lines."
    )


def test_ids_without_a_second_order_are_probably_no_persons() -> None:
    lines = [(f"order {number}", at, amount) for number, (_, at, amount) in enumerate(ORDINARY)]
    (note,) = notes(*lines)
    assert note == (
        "Customers: none of 120 has a second order. customer_id probably names an order, a session or an "
        "address: name the column of the person."
    )
    assert notes(*lines[:29]) == ()


def test_a_log_without_amounts_or_lines_has_no_note_of_them() -> None:
    log = history_of(*((customer, at) for customer, at, _ in ORDINARY), columns=("customer_id", "ordered_at"))
    assert data_quality_notes(log, cutoff(AFTER), None) == ()
    assert data_quality_notes(log.before(cutoff("2025-01-01")), cutoff(AFTER), None) == ()
