"""Folding: decisions, exposures and outcomes of the decision log become tables of the history; idempotent.

A record stays in the decision log until no later intake can need it. So a fold that was interrupted is done again by
the next one, and a table that was lost comes back from the records that are still there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import pyarrow as pa
import pyarrow.compute as pc

from features.canonical_form import canonical_id
from features.consents.ledger import Ledger
from features.decisions.backends import has_decisions, open_decisions
from features.decisions.decision_log import DecisionLog
from features.decisions.history_tables import (
    DECISIONS_TABLE,
    EXPOSURES_TABLE,
    HISTORY_TABLES,
    OUTCOMES_TABLE,
    HistoryTable,
)
from features.decisions.records import Decision, Exposure, OutcomeEvent
from features.ingestion.alias_file import read_aliases
from features.views import CUSTOMER_ID
from pipelines.home import Home

CHUNK_SIZE = 50_000  # records
Record = Decision | Exposure | OutcomeEvent


@dataclass(frozen=True)
class FoldSummary:
    """The number of rows in each table after a fold."""

    decisions: int = 0
    exposures: int = 0
    outcomes: int = 0

    def __bool__(self) -> bool:
        return bool(self.decisions or self.exposures or self.outcomes)


def fold(home: Home) -> FoldSummary:
    """Write ``decisions``, ``exposures`` and ``outcomes`` of the history; the caller has the write lock.

    Ids are brought into the form of the newest log: canonical, and replaced where an alias says so. Rows of erased
    customers are left out, and their records deleted from the decision log too.

    Raises:
        StoreUnavailable: the decision log or the ledger does not answer; the tables are as before.
    """
    has_tables = any((home.history / f"{table.name}.parquet").is_file() for table in HISTORY_TABLES)
    if not has_tables and not has_decisions(home.folder, home.online):
        return FoldSummary()
    log = open_decisions(home.folder, home.online) if has_decisions(home.folder, home.online) else None
    ledger = home.ledger()
    if log is not None:
        log.delete_customers(ledger.erased_among(log.customer_ids()))
    merged = {
        table: table.merge([_with_current_ids(part, home, ledger) for part in (table.read(home.history), rows)])
        for table, rows in zip(HISTORY_TABLES, _log_tables(log), strict=True)
    }
    if has_tables or any(map(len, merged.values())):
        home.history.mkdir(parents=True, exist_ok=True)
        for table, rows in merged.items():
            table.write(home.history, rows)
    return FoldSummary(*map(len, merged.values()))


def _log_tables(log: DecisionLog | None) -> Sequence[pa.Table]:
    """The three tables of the records in the log; exposures of decisions that came meanwhile wait for the next fold."""
    if log is None:
        return [table.schema.empty_table() for table in HISTORY_TABLES]
    decisions = _build(DECISIONS_TABLE, log.decisions(), {})
    pairs = (decisions[name].to_pylist() for name in ("decision_id", CUSTOMER_ID))
    customers = dict(zip(*pairs, strict=True))
    exposures = (exposure for exposure in log.exposures() if exposure.decision_id in customers)
    return [
        decisions,
        _build(EXPOSURES_TABLE, exposures, customers),
        _build(OUTCOMES_TABLE, log.outcomes(), customers),
    ]


def _build(table: HistoryTable, records: Iterator[Record], customers: Mapping[str, str]) -> pa.Table:
    """The rows of records, CHUNK_SIZE at a time: as objects all of them would take several times the memory."""
    parts = [table.schema.empty_table()]
    while chunk := [*islice(records, CHUNK_SIZE)]:
        parts.append(table.build(chunk, customers))
    return pa.concat_tables(parts)


def _with_current_ids(table: pa.Table, home: Home, ledger: Ledger) -> pa.Table:
    """The rows with the ids of the newest log, without those of erased customers."""
    unique = pc.unique(table[CUSTOMER_ID])
    known = unique.to_pylist()
    current = _current_ids(known, home, ledger)
    erased = {*ledger.erased_among({*known, *current})}
    if not erased and current == known:
        return table
    remaining = [None if {old_id, new_id} & erased else new_id for old_id, new_id in zip(known, current, strict=True)]
    replaced = pa.array(remaining, pa.string()).take(pc.index_in(table[CUSTOMER_ID], unique))
    table = table.set_column(table.schema.get_field_index(CUSTOMER_ID), CUSTOMER_ID, replaced)
    return table.filter(pc.is_valid(table[CUSTOMER_ID]))


def _current_ids(customer_ids: Sequence[str], home: Home, ledger: Ledger) -> list[str]:
    """The id under which the history has each customer."""
    id_case, aliases = ledger.id_case(), read_aliases(home.history)
    canonical = (canonical_id(customer_id, id_case) or customer_id for customer_id in customer_ids)
    return [aliases.get(customer_id, customer_id) for customer_id in canonical]
