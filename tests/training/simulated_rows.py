"""Test data: training rows of a simulated shop, straight from its orders by day, at any cutoffs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from features.arrays import Floats
from training.dataset.outcomes import Outcomes, Rows
from training.dataset.plan import HorizonPlan
from training.fitting.average.btyd_answers import BtydAnswers, answer_by_btyd
from training.fitting.average.fit import shop_averages
from training.fitting.btyd_tier import fit_btyd_tier

Pace = Callable[[Floats], Floats]  # days after the opening -> multiple of each customer's usual rate
WINDOWS = (7, 14, 28, 56, 91, 182, 365)
PLAN = HorizonPlan(churn_days=60, horizons=(30, 60), learned=(30, 60), has_amounts=True, pace_days=20)


@dataclass(frozen=True)
class SimulatedShop:
    """Simulated shop: each customer's spend per day, 0 for a day without an order, for days 0 to the limit."""

    spend: Floats  # (customers, days)

    @property
    def limit(self) -> int:
        """The day at which the known log ends."""
        return int(self.spend.shape[1])

    def rows(self, cutoffs: Sequence[int], limit: int | None = None, plan: HorizonPlan = PLAN) -> Rows:
        """The rows of everybody with an order before each cutoff, with outcomes up to the limit."""
        limit = self.limit if limit is None else limit
        parts = [self._rows_at(cutoff, limit, plan) for cutoff in cutoffs]
        outcomes = [part.outcomes for part in parts]
        ordered = self.spend[:, :limit] > 0
        return Rows(
            names=parts[0].names,
            inputs=np.concatenate([part.inputs for part in parts]),
            cutoff=np.concatenate([part.cutoff for part in parts]),
            customer=np.concatenate([part.customer for part in parts]),
            fold=np.concatenate([part.fold for part in parts]),
            outcomes=Outcomes(
                wait_days=np.concatenate([part.wait_days for part in outcomes]),
                follow_days=np.concatenate([part.follow_days for part in outcomes]),
                horizons=outcomes[0].horizons,
                orders=np.concatenate([part.orders for part in outcomes]),
                spend=np.concatenate([part.spend for part in outcomes]),
            ),
            orders_by_day=np.stack([ordered.sum(axis=0), (ordered & (ordered.cumsum(axis=1) > 1)).sum(axis=0)]) * 1.0,
        )

    def _rows_at(self, cutoff: int, limit: int, plan: HorizonPlan) -> Rows:
        known = np.flatnonzero((self.spend[:, :cutoff] > 0).any(axis=1))
        past, ahead = self.spend[known, :cutoff], np.pad(self.spend[known, cutoff:limit], ((0, 0), (0, 1)))
        inputs = _inputs(past)
        horizons = plan.outcome_horizons
        finished = np.array([np.nan if cutoff + days > limit else 1.0 for days in horizons])
        ordered = ahead > 0
        return Rows(
            names=tuple(inputs),
            inputs=np.column_stack(list(inputs.values())),
            cutoff=np.full(len(known), cutoff, dtype=np.int64),
            customer=known,
            fold=(known % 2).astype(np.int8),
            outcomes=Outcomes(
                wait_days=np.where(ordered.any(axis=1), ordered.argmax(axis=1) + 0.5, np.inf),
                follow_days=np.full(len(known), float(limit - cutoff)),
                horizons=horizons,
                orders=np.column_stack([ordered[:, :days].sum(axis=1) for days in horizons]) * finished,
                spend=np.column_stack([ahead[:, :days].sum(axis=1) for days in horizons]) * finished,
            ),
            orders_by_day=np.zeros((2, limit)),
        )


def simulate_shop(
    days: int,
    customers: int = 300,
    pace: Pace = np.ones_like,
    seed: int = 0,
    *,
    gap_days: float = 20.0,
    lifetime_days: float = 600.0,
    joining_share: float = 0.5,
) -> SimulatedShop:
    """A shop whose customers join in the first part of its time, order at individual rates, and stop one day."""
    rng = np.random.default_rng(seed)
    joined, rate = rng.uniform(0, days * joining_share, customers), rng.gamma(1.5, 1 / 1.5 / gap_days, customers)
    lifetime, price = rng.exponential(lifetime_days, customers), rng.lognormal(3, 0.5, customers)
    day = np.arange(days)
    is_alive = (day >= joined[:, None]) & (day < (joined + lifetime)[:, None])
    ordered = rng.uniform(size=(customers, days)) < rate[:, None] * pace(day.astype(float)) * is_alive
    ordered[np.arange(customers), joined.astype(int)] = True
    return SimulatedShop(ordered * price[:, None] * rng.lognormal(0, 0.3, (customers, days)))


def btyd_answers(rows: Rows, days: Sequence[int] = (30, 60), plan: HorizonPlan = PLAN) -> BtydAnswers:
    """BTYD's answers for the rows, as ``fit_average`` computes them."""
    limit = int((rows.cutoff + rows.outcomes.follow_days).max())
    return answer_by_btyd(rows, fit_btyd_tier(rows, plan), shop_averages(rows, plan, limit), np.array(days, float))


def _inputs(past: Floats) -> dict[str, Floats]:
    """The inputs that the average reads, by name, from the spend per day before a cutoff, (n, days)."""
    ordered, days = past > 0, past.shape[1]
    count = ordered.sum(axis=1).astype(float)
    first, silence = ordered.argmax(axis=1), ordered[:, ::-1].argmax(axis=1) + 1.0
    tenure, gaps = days - first.astype(float), np.maximum(count - 1, 1.0)
    last_by_day = np.maximum.accumulate(np.where(ordered, np.arange(days), -1), axis=1)
    gap = np.where(ordered[:, 1:] & (last_by_day[:, :-1] >= 0), np.arange(1, days) - last_by_day[:, :-1], 0)
    repeated = count > 1
    mean_gap = np.where(repeated, gap.sum(axis=1) / gaps, np.nan)
    spread = np.sqrt(np.maximum((gap**2).sum(axis=1) / gaps - np.nan_to_num(mean_gap) ** 2, 0.0))
    last_gap = gap[np.arange(len(past)), days - silence.astype(int) - 1]
    spend = past.sum(axis=1)
    return {
        "orders": count,
        "order_days": count,
        **{f"orders_{window}d": ordered[:, -window:].sum(axis=1).astype(float) for window in WINDOWS},
        "mean_gap_days": mean_gap,
        "median_gap_days": mean_gap,
        "p90_gap_days": mean_gap * 1.5,
        "std_gap_days": np.where(repeated, spread, np.nan),
        "last_gap_days": np.where(repeated, last_gap, np.nan),
        "spend": spend,
        **{f"spend_{window}d": past[:, -window:].sum(axis=1) for window in WINDOWS},
        "mean_order": spend / count,
        "max_order": past.max(axis=1),
        "tenure_days": tenure,
        "recency_days": silence,
        "recency_over_mean_gap": silence / np.maximum(mean_gap, 1.0),
        "orders_per_day": count / tenure,
    }
