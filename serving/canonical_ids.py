"""Canonical ids: the customer ids of requests in the form in which the home's log was ingested."""

from __future__ import annotations

from features.canonical_form import IdCase, canonical_id
from features.consents.ledger import Ledger
from features.errors import FlywheelError


class CanonicalIds:
    """The canonical form of ids for one worker; an ingestion may change ``id_case`` while it serves."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._id_case: IdCase = "keep"

    def __call__(self, customer_id: str) -> str:
        """The canonical form of an id."""
        return canonical_id(customer_id, self._id_case)

    def poll(self) -> None:
        """Read ``id_case`` once."""
        try:
            self._id_case = self._ledger.id_case()
        except FlywheelError:  # predictions answer features_unavailable meanwhile, with the reason
            return
