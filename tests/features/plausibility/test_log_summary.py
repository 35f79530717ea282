"""Log summary: how many lines, customers, orders and how much money the known log has, and until when."""

from __future__ import annotations

from datetime import UTC, date, datetime

from features.plausibility.log_summary import LogSummary, summarize_log
from features.plausibility.silence import measure_silence
from tests.logs import cutoff, history_of

NOW = cutoff("2026-03-01")
COLUMNS = ("customer_id", "ordered_at", "amount", "order_id")


def summary_of(*lines: tuple[object, ...], columns: tuple[str, ...] = COLUMNS) -> LogSummary:
    known = history_of(*lines, columns=columns).before(NOW)
    return summarize_log(known, measure_silence(known, NOW))


def test_lines_of_an_order_are_one_order_and_later_lines_do_not_count() -> None:
    assert summary_of(
        ("ann", "2026-01-05 10:00", "10.10", "1"),
        ("ann", "2026-01-05 10:00", "5.25", "1"),
        ("ann", "2026-02-07 18:30", "-3.00", "2"),
        ("bob", "2026-01-06 09:00", "7.00", "1"),
        ("bob", "2026-04-01 09:00", "900.00", "3"),
    ) == LogSummary(
        lines=4, customers=2, orders=3, amount=19.35, first_day=date(2026, 1, 5), last_day=date(2026, 2, 7),
        log_until=datetime(2026, 2, 7, 18, 30, tzinfo=UTC),
    )  # fmt: skip


def test_a_log_without_order_numbers_and_amounts_has_an_order_a_day() -> None:
    columns = ("customer_id", "ordered_at")
    lines = [("ann", "2026-01-05 10:00"), ("ann", "2026-01-05 12:00"), ("ann", "2026-01-06 10:00")]
    summary = summary_of(*lines, columns=columns)
    assert (summary.lines, summary.orders, summary.amount) == (3, 2, None)
    assert summary.sentence("EUR") == "3 order lines of 1 customer in 2 orders, from 2026-01-05 to 2026-01-06."
