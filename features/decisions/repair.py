"""Repair: a decision log that was lost takes back what the history has, and is the home's own again."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from secrets import token_hex

from features.decisions.backends import LOCAL_FOLDER, has_decisions, move_local, open_storage
from features.decisions.binding import ID_ENTRY, MEMORY_FILE, LogMemory, LogPoint
from features.decisions.customer_index import add_to_index
from features.decisions.decision_log import DecisionLog
from features.decisions.history_tables import HISTORY_TABLES, read_decisions, read_exposures, read_outcomes
from features.decisions.storage import CUSTOMERS, DecisionStorage, WriteBatch
from features.online.backends import LMDB


def repair_decisions(home: Path, online_store: str) -> int:
    """Bring the decision log of a home back, and remember the log that is there now; the caller has the write lock.

    A local log that waits to move to Redis, such as that of a backup, is moved. Returns the number of decisions and
    outcomes that came from the history.

    Raises:
        StoreUnavailable: the store does not answer, or is damaged.
    """
    names = (LOCAL_FOLDER, MEMORY_FILE, *(f"history/{table.name}.parquet" for table in HISTORY_TABLES))
    if not any((home / name).exists() for name in names) and not has_decisions(home, online_store):
        return 0
    storage = open_storage(home, online_store)
    log = DecisionLog(storage)
    if storage.mend():
        _rebuild_index(storage, log)
    if online_store != LMDB:
        move_local(home, log)
    count = _take_from_history(log, home / "history")
    LogMemory(home).replace(LogPoint(_log_id(storage), "lmdb" if online_store == LMDB else "redis"))
    return count


def _rebuild_index(storage: DecisionStorage, log: DecisionLog) -> None:
    """Index all records by customer again, so that an erasure finds them."""
    for decision in log.decisions():
        index = partial(add_to_index, customer_id=decision.customer_id, decision_id=decision.decision_id)
        storage.update([(CUSTOMERS, decision.customer_id)], index)
    for outcome in log.outcomes():
        index = partial(add_to_index, customer_id=str(outcome.customer_id), outcome_id=outcome.outcome_id)
        storage.update([(CUSTOMERS, str(outcome.customer_id))], index)


def _take_from_history(log: DecisionLog, history: Path) -> int:
    """Record the rows of the history that are missing; those that are there stay as they are."""
    decisions, outcomes = [*read_decisions(history)], [*read_outcomes(history)]
    known = zip(decisions, log.find([one.decision_id for one in decisions]), strict=True)
    missing = [decision for decision, stored in known if stored is None]
    known_outcomes = zip(outcomes, log.find_outcomes([one.outcome_id for one in outcomes]), strict=True)
    missing_outcomes = [outcome for outcome, stored in known_outcomes if stored is None]
    log.record(missing)
    log.record_exposures([*read_exposures(history)])
    log.restore_outcomes(missing_outcomes)
    return len(missing) + len(missing_outcomes)


def _log_id(storage: DecisionStorage) -> str:
    """The id of the log; it gets one if it has none."""

    def write(batch: WriteBatch) -> str:
        value = batch.get(ID_ENTRY) or token_hex(16).encode()
        batch.put(ID_ENTRY, value)
        return value.decode()

    return storage.update([ID_ENTRY], write)
