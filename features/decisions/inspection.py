"""Inspection of the decision log: its numbers, read without a change to the files of the home."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from features.checksums import unseal
from features.decisions.backends import LOCAL_FOLDER, open_storage
from features.decisions.binding import ID_ENTRY, LogMemory
from features.decisions.lmdb import verify_tables
from features.decisions.storage import CUSTOMERS, DECISIONS, META, OUTCOMES, TABLES, entry_key
from features.errors import RowsLost
from features.online.backends import LMDB
from features.storage.lmdb_inspection import open_for_inspection


@dataclass(frozen=True)
class DecisionCounts:
    """The number of records in a decision log."""

    decisions: int
    outcomes: int
    customers: int


def count_decisions(home: Path, online_store: str) -> DecisionCounts | None:
    """Count the decision log of a home; None before the first decision.

    Raises:
        InvalidStore: it cannot be read or is damaged, or lies in a Redis that ``online_store`` does not name.
        RowsLost: it is not the log that the home remembers.
        StoreUnavailable: Redis does not answer.
    """
    point = LogMemory(home).read()
    log_id, counts = _count_local(home) if online_store == LMDB else _count_shared(home, online_store)
    is_moving = point is not None and point.store == "lmdb" and online_store != LMDB
    if point is not None and not is_moving and log_id != point.log_id:
        raise RowsLost(
            f"Found the decision log {log_id or 'none'}; expected {point.log_id}, which lies in {point.store}."
        )
    if log_id is None:
        return None
    return DecisionCounts(counts[DECISIONS], counts[OUTCOMES], counts[CUSTOMERS])


def _count_shared(home: Path, online_store: str) -> tuple[str | None, dict[str, int]]:
    storage = open_storage(home, online_store)
    log_id = storage.read([ID_ENTRY])[ID_ENTRY]
    return None if log_id is None else log_id.decode(), storage.counts()


def _count_local(home: Path) -> tuple[str | None, dict[str, int]]:
    counts = dict.fromkeys(TABLES, 0)
    with open_for_inspection(home / LOCAL_FOLDER, tables=len(TABLES)) as environment:
        if environment is None:
            return None, counts
        verify_tables(environment)
        with environment.begin() as transaction:
            names = [name.decode() for name in transaction.cursor().iternext(values=False)]
            tables = {name: environment.open_db(name.encode(), transaction, create=False) for name in names}
            counts |= {name: transaction.stat(table)["entries"] for name, table in tables.items()}
            key = entry_key(ID_ENTRY[1])
            value = transaction.get(key, db=tables[META]) if META in tables else None
    return None if value is None else unseal(value, key).decode(), counts
