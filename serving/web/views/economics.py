"""View of economics: what a campaign to the audience costs, what is at stake, the budget's cut-off, and the profit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from serving.schemas.economics import CutOff, Economics, MoneyEstimate
from serving.web.audience_query import AudienceQuery

MAX_POINTS = 25  # of the chart


@dataclass(frozen=True, kw_only=True)
class EconomicsView:
    """Economics as the builder shows them."""

    economics: Economics
    curve: Sequence[CutOff]
    affordable_url: str | None  # of the builder with the limit that the budget allows

    @property
    def loses_surely(self) -> bool:
        """Whether the whole interval of profit is below 0."""
        profit = self.economics.profit
        return profit is not None and profit.high is not None and profit.high < 0

    @property
    def gains_surely(self) -> bool:
        """Whether the whole interval of profit is above 0."""
        profit = self.economics.profit
        return profit is not None and profit.low is not None and profit.low > 0

    @property
    def rows(self) -> Sequence[Sequence[float | None]]:
        """The rows of the chart: people, cost, value at stake and, where it is known, profit with its interval."""
        return [
            [point.contacted, point.contact_cost + point.offer_cost, point.value_at_stake, *_ends(point.profit)]
            for point in self.curve
        ]


def economics_view(economics: Economics | None, query: AudienceQuery) -> EconomicsView | None:
    """Return the view; None where no economics were asked for, or may be told."""
    if economics is None:
        return None
    within, step = economics.within_budget, -(-len(economics.curve) // MAX_POINTS) or 1
    return EconomicsView(
        economics=economics,
        curve=[*economics.curve[:-1][::step], *economics.curve[-1:]],
        affordable_url=None if within is None else query.replacing(limit=str(within.limit)).url,
    )


def _ends(profit: MoneyEstimate | None) -> list[float | None]:
    return [] if profit is None else [profit.value, profit.low, profit.high]
