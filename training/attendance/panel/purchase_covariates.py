"""Purchase covariates: what the 12 weeks before the index day say about who attends and who would have bought."""

from __future__ import annotations

import numpy as np

from features.arrays import Floats

BLOCK = 4  # weeks


def purchase_covariates(spend: Floats, orders: Floats) -> Floats:
    """Covariates of customers from their weeks before the index day.

    Logarithms of spend and orders by block of four weeks, the weeks with an order, orders in the last and in the last
    two weeks, and the weeks since the last order.

    Args:
        spend: (n, w) net amount by week, the oldest first; w is a multiple of four.
        orders: (n, w) orders by week.
    """
    by_block, orders_by_block = np.log1p(np.maximum(block_sums(spend), 0)), np.log1p(block_sums(orders))
    active = orders > 0
    since = np.where(active.any(axis=1), np.argmax(active[:, ::-1], axis=1), orders.shape[1])
    recent = np.column_stack([np.log1p(orders[:, -1]), np.log1p(orders[:, -2:].sum(axis=1))])
    return np.column_stack([by_block, orders_by_block, active.mean(axis=1), recent, np.log1p(since)])


def block_sums(weekly: Floats) -> Floats:
    """The sums of each block of four weeks, (n, w / 4), of values by week, (n, w)."""
    count, weeks = weekly.shape
    sums: Floats = weekly.reshape(count, weeks // BLOCK, BLOCK).sum(axis=2)
    return sums
