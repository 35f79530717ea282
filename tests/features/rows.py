"""Packed rows of two small views in which every value of a customer is the same number."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from features.online.codec import Codec, ViewRows
from features.online.feature_rows import RaggedList
from features.online.redis import RedisStore
from features.views import Column, Kind, View
from tests.redis_server import RedisServer

TRANSACTIONS = View("transactions", (Column("orders", Kind.FLOAT, ""), Column("recent_days", Kind.INTEGERS, "")))
BEHAVIOUR = View("behaviour", (Column("visits", Kind.FLOAT, ""),))
VIEWS = (TRANSACTIONS, BEHAVIOUR)


def packed_rows(view: View, customers: Mapping[str, float], event_at: int = 1, created_at: int = 0) -> dict[str, bytes]:
    """Packed rows in which every scalar and the only item of every list is the number of the customer."""
    n = len(customers)
    numbers = np.array(list(customers.values()), np.float64)
    rows = ViewRows(
        event_at=np.full(n, event_at, np.int64),
        created_at=np.full(n, created_at, np.int64),
        scalars=np.tile(numbers[:, None], len(view.scalars)),
        nulls=np.zeros((n, len(view.columns)), np.bool_),
        lists=tuple(RaggedList(offsets=np.arange(n + 1), values=numbers) for _ in view.lists),
    )
    return dict(zip(customers, Codec(view).pack(rows), strict=True))


def filled_store(server: RedisServer, cooldown_seconds: float = 0.2) -> RedisStore:
    """A Redis store in which Ann and Bob have orders and Ann has visits."""
    store = RedisStore(server.url, cooldown_seconds)
    with store.write_transaction() as writer:
        writer.replace("transactions", packed_rows(TRANSACTIONS, {"ann": 3, "bob": 1}))
        writer.replace("behaviour", packed_rows(BEHAVIOUR, {"ann": 5}))
    return store


def read_ann(store: RedisStore) -> list[list[float]]:
    """The feature row of Ann."""
    rows: list[list[float]] = store.reader(VIEWS).read(["ann"]).matrix.tolist()
    return rows
