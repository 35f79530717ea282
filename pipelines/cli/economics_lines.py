"""Economics lines: the sentences of ``flywheel audience --economics``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from serving.schemas.economics import Economics, MoneyEstimate


def economics_lines(economics: Economics, currency: str | None) -> Iterator[str]:
    """Yield what the campaign costs, what is at stake, what the budget allows, and the profit with its basis."""
    unit = "" if currency is None else f" {currency}"
    yield f"Contacting {economics.contacted:,} costs {economics.cost:,.2f}{unit}."
    if economics.value_at_stake is not None:
        value = _format_money(economics.value_at_stake, "80 %")
        yield f"Value at stake within {economics.horizon_days} days: {value}{unit} of margin."
    if economics.break_even_orders is not None:
        yield f"It pays from {economics.break_even_orders:.4f} additional orders per person contacted."
    if economics.within_budget is not None:
        within = economics.within_budget
        yield (
            f"The budget pays for the first {within.contacted:,}: limit {within.limit:,}, "
            f"{within.contact_cost + within.offer_cost:,.2f}{unit}."
        )
    if economics.profit is not None:
        yield f"Profit, {economics.profit_basis}: {_format_money(economics.profit, '95 %')}{unit}."
    yield economics.detail


def _format_money(estimate: MoneyEstimate, level: str) -> str:
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:,.2f}"
    return f"{estimate.value:,.2f} ({level}: {estimate.low:,.2f} to {estimate.high:,.2f})"
