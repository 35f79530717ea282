"""Stores: helpers of the tests that every backend of the online store must pass."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

from features.online.backends import Store
from tests.features.rows import TRANSACTIONS, VIEWS

LAW = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def orders(store: Store, *customer_ids: str) -> list[float]:
    return list(store.reader((TRANSACTIONS,)).read(customer_ids).column("orders"))


def clear(store: Store) -> Store:
    """The store without its rows, between two examples of a law."""
    with store.write_transaction() as writer:
        for view in VIEWS:
            writer.drop(view.name)
    return store
