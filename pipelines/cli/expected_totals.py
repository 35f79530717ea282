"""Expected totals: their sentences, each with its 80 % interval or the reason why there is none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from serving.audiences.schema import ExpectedTotal


def expected_total_lines(
    conversions: ExpectedTotal | None, orders: ExpectedTotal | None, revenue: ExpectedTotal | None, currency: str | None
) -> Iterator[str]:
    """Yield a sentence for each total that exists."""
    for subject, total, unit in (
        ("Expected to order", conversions, ""),
        ("Expected orders", orders, ""),
        ("Expected to spend", revenue, f" {currency}"),
    ):
        if total is not None:
            yield f"{subject} within {total.horizon_days} days: {_format_total(total)}{unit}."


def _format_total(total: ExpectedTotal) -> str:
    mean = f"{total.mean:,.0f}"
    if total.interval is None:
        return f"{mean} ({(total.reason or '').rstrip('.')})"
    return f"{mean} (80 %: {total.interval.p10:,.0f} to {total.interval.p90:,.0f})"
