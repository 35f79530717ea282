"""Expected totals on the command line: one sentence each, with the interval or the reason why there is none."""

from __future__ import annotations

from pipelines.cli.expected_totals import expected_total_lines
from serving.audiences.schema import ExpectedTotal, Interval


def total(mean: float, interval: Interval | None, reason: str | None = None) -> ExpectedTotal:
    return ExpectedTotal(
        mean=mean, horizon_days=90, column="ltv_90d_mean", without_value=0, interval=interval, reason=reason
    )


def test_a_total_is_shown_with_its_interval_and_currency() -> None:
    interval = Interval(p10=900.4, p90=1600.0, method="")
    lines = list(expected_total_lines(total(41.2, interval), total(99, interval), total(1234.5, interval), "EUR"))
    assert lines == [
        "Expected to order within 90 days: 41 (80 %: 900 to 1,600).",
        "Expected orders within 90 days: 99 (80 %: 900 to 1,600).",
        "Expected to spend within 90 days: 1,234 (80 %: 900 to 1,600) EUR.",
    ]


def test_without_an_interval_the_reason_is_shown() -> None:
    (line,) = expected_total_lines(total(0.0, None, "The expected total of these members is 0."), None, None, None)
    assert line == "Expected to order within 90 days: 0 (The expected total of these members is 0)."
