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
    count, weeks = spend.shape
    blocks = (count, weeks // BLOCK, BLOCK)
    by_block = np.log1p(np.maximum(spend.reshape(blocks).sum(axis=2), 0))
    orders_by_block = np.log1p(orders.reshape(blocks).sum(axis=2))
    active = orders > 0
    since = np.where(active.any(axis=1), np.argmax(active[:, ::-1], axis=1), weeks)
    recent = np.column_stack([np.log1p(orders[:, -1]), np.log1p(orders[:, -2:].sum(axis=1))])
    return np.column_stack([by_block, orders_by_block, active.mean(axis=1), recent, np.log1p(since)])
