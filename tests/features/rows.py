"""Rows of two little views, in which every number is the customer's."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from features.packed.codec import Codec, Rows
from features.stored import Ragged
from features.views import Column, Kind, View

TRANSACTIONS = View("transactions", (Column("orders", Kind.FLOAT, ""), Column("recent_days", Kind.INTEGERS, "")))
BEHAVIOUR = View("behaviour", (Column("visits", Kind.FLOAT, ""),))
VIEWS = (TRANSACTIONS, BEHAVIOUR)


def packed(view: View, customers: Mapping[str, float], event_at: int = 1, created_at: int = 0) -> dict[str, bytes]:
    """Rows in which every number and the one item of every list is the customer's."""
    n = len(customers)
    numbers = np.array(list(customers.values()), np.float64)
    rows = Rows(
        event_at=np.full(n, event_at, np.int64),
        created_at=np.full(n, created_at, np.int64),
        scalars=np.tile(numbers[:, None], len(view.scalars)),
        nulls=np.zeros((n, len(view.columns)), np.bool_),
        lists=tuple(Ragged(offsets=np.arange(n + 1), values=numbers) for _ in view.lists),
    )
    return dict(zip(customers, Codec(view).pack(rows), strict=True))
