"""Ledger inspection: the numbers of the consent ledger in a home, read without a change to its files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from features.checksums import unseal
from features.consents.backends import LOCAL_FOLDER
from features.consents.ledger_memory import LedgerMemory
from features.consents.lmdb_keys import STATE_KEY
from features.consents.lmdb_verification import count_damaged_records, verify_tables
from features.storage.lmdb_inspection import open_for_inspection


@dataclass(frozen=True)
class LedgerCounts:
    """The state number of a ledger, its customers with a recorded consent, and its erased customers."""

    state: int
    customers: int
    erased: int
    damaged: int = 0  # records that cannot be read: their customers count as ones who said no


def is_in_redis(home: Path) -> bool:
    """Whether the consents of the home are in a Redis."""
    point = LedgerMemory(home).read()
    return point is not None and point.store == "redis"


def count_ledger(home: Path) -> LedgerCounts:
    """Count the ledger in the home; zeros before the first consent.

    Raises:
        InvalidStore: it cannot be read, or is damaged.
    """
    with open_for_inspection(home / LOCAL_FOLDER, tables=4) as environment:
        if environment is None:
            return LedgerCounts(0, 0, 0)
        verify_tables(environment)
        with environment.begin() as transaction:
            present = {bytes(name).decode() for name in transaction.cursor().iternext(values=False)}
            tables = {
                name: environment.open_db(name.encode(), transaction, create=False)
                for name in ("records", "tombstones", "meta")
                if name in present
            }
            counts = {name: transaction.stat(table)["entries"] for name, table in tables.items()}
            state = transaction.get(STATE_KEY, db=tables["meta"]) if "meta" in tables else None
            damaged = count_damaged_records(transaction, tables["records"]) if "records" in tables else 0
        return LedgerCounts(
            int(unseal(state, STATE_KEY)) if state else 0,
            counts.get("records", 0),
            counts.get("tombstones", 0),
            damaged,
        )
