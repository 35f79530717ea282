"""Audit replay: consents and erasures that a store lost are recorded again from the lines of the audit log.

A line names its customer by a pseudonym, which is matched with every customer that a table of the home knows. The
changes of others wait in a file of the home until an ingestion brings their customer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.calendar import micros
from features.consents.consent import Consent
from features.consents.ledger import BATCH_SIZE, Ledger
from features.ingestion.alias_file import read_aliases
from features.storage.atomic_files import replace_private
from features.views import CUSTOMER_ID
from serving.moments import parse_datetime
from serving.observability.audit_log import CONSENT, ERASURE, AuditLog
from serving.observability.audit_reader import read_audit
from serving.privacy.customer_tables import customer_tables

WAITING_FILE = "waiting_changes.json"


@dataclass
class AuditedChanges:
    """The consents and erasures of an audit log, by the pseudonym of their customer."""

    consents: dict[str, list[Consent]] = field(default_factory=dict)
    erased: set[str] = field(default_factory=set)
    tombstones: set[bytes] = field(default_factory=set)  # of erasures whose line has one, which need no customer

    def __len__(self) -> int:
        return len(self.consents.keys() | self.erased)


@dataclass(frozen=True)
class ReplayResult:
    """How many customers got their changes back, and the changes of customers that no table knows."""

    consents: int
    erasures: int
    waiting: AuditedChanges


def read_changes(home: Path) -> AuditedChanges:
    """Read the consents and erasures of the home's audit log.

    A line of an earlier version has no date of its consents: its denials count from the time of the line, its grants
    are left out, because they may be older than a denial that came before them.
    """
    changes = AuditedChanges()
    for line in read_audit(home):
        pseudonym = line.get("customer")
        if not isinstance(pseudonym, str):
            continue
        if line.get("action") == CONSENT:
            changes.consents.setdefault(pseudonym, []).extend(_consents(line))
        elif line.get("action") == ERASURE and "tombstone" in line:
            changes.tombstones.add(bytes.fromhex(line["tombstone"]))
            changes.consents.pop(pseudonym, None)
        elif line.get("action") == ERASURE:
            changes.erased.add(pseudonym)
    changes.consents = {
        name: consents for name, consents in changes.consents.items() if consents and name not in changes.erased
    }
    return changes


def replay_changes(changes: AuditedChanges, home: Path, ledger: Ledger) -> ReplayResult:
    """Record changes again for every customer that the home knows; a newer one stays, and of two at once the denial.

    Raises:
        StoreUnavailable: the ledger cannot be written.
    """
    if not changes:
        return ReplayResult(0, 0, changes)
    audit = AuditLog.open(home)
    matches = ((audit.pseudonym(customer_id), customer_id) for customer_id in _known_customers(home, ledger))
    ids = {pseudonym: customer_id for pseudonym, customer_id in matches if _has_changes(changes, pseudonym)}
    lost = [ids[pseudonym] for pseudonym in changes.erased & ids.keys()]
    to_erase = sorted({*lost} - {*ledger.erased_among(lost)})
    for customer_id in to_erase:
        ledger.erase(customer_id)
    updates = iter([(ids[name], consents) for name, consents in changes.consents.items() if name in ids])
    changed = 0
    while batch := dict(islice(updates, BATCH_SIZE)):
        changed += ledger.record(batch)
    waiting = AuditedChanges(
        {name: consents for name, consents in changes.consents.items() if name not in ids}, changes.erased - ids.keys()
    )
    return ReplayResult(changed, len(to_erase), waiting)


def write_waiting(home: Path, changes: AuditedChanges) -> None:
    """Keep the changes of unknown customers in the home, by pseudonym; without any, no file is left."""
    path = home / WAITING_FILE
    if not changes:
        path.unlink(missing_ok=True)
        return
    consents = {name: [astuple(consent) for consent in changes.consents[name]] for name in changes.consents}
    replace_private(path, orjson.dumps({"consents": consents, "erased": sorted(changes.erased)}))


def apply_waiting(home: Path, ledger: Ledger) -> ReplayResult | None:
    """Record the waiting changes of customers that the home knows by now; None where no changes wait."""
    try:
        fields = orjson.loads((home / WAITING_FILE).read_bytes())
    except FileNotFoundError:
        return None
    consents = {name: [Consent(*entry) for entry in entries] for name, entries in fields["consents"].items()}
    result = replay_changes(AuditedChanges(consents, {*fields["erased"]}), home, ledger)
    write_waiting(home, result.waiting)
    return result


def _consents(line: Mapping[str, Any]) -> Iterator[Consent]:
    for entry in line.get("consents", ()):
        if entry["granted"] and "changed_at" not in entry:
            continue
        changed_at, until = entry.get("changed_at", line["at"]), entry.get("until")
        until_us = None if until is None else micros(parse_datetime(until))
        yield Consent(
            entry["purpose"], entry["channel"], entry["granted"], micros(parse_datetime(changed_at)), until_us
        )


def _known_customers(home: Path, ledger: Ledger) -> set[str]:
    """Every customer id of the home: in its tables, its aliases and its ledger."""
    known = {record.customer_id for record in ledger.all_records()} | {*read_aliases(home / "history")}
    for path in customer_tables(home):
        known |= {*_ids_of(path)}
    return known


def _ids_of(path: Path) -> Iterable[str]:
    if CUSTOMER_ID not in pq.read_schema(path).names:
        return ()
    ids = pc.unique(pq.read_table(path, columns=[CUSTOMER_ID])[CUSTOMER_ID]).cast("string")
    return (customer_id for customer_id in ids.to_pylist() if customer_id is not None)


def _has_changes(changes: AuditedChanges, pseudonym: str) -> bool:
    return pseudonym in changes.consents or pseudonym in changes.erased
