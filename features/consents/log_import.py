"""Consent import: consents of the shop's log go into the ledger, its purposes mapped to profiling and marketing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.consents.consent import ALL_CHANNELS, PURPOSES, Consent
from features.consents.ledger import BATCH_SIZE, Ledger


@dataclass(frozen=True)
class ImportSummary:
    """The result of an import."""

    changed_customers: int  # customers with another consent than before
    unused_purposes: tuple[str, ...]  # purposes of the log that the configuration does not map


def import_consents(path: Path, purposes: Mapping[str, str], ledger: Ledger) -> ImportSummary:
    """Write the consents of ``consents.parquet`` into the ledger, where they are newer. Idempotent.

    ``purposes`` maps a purpose of the log to profiling, marketing, or a channel such as marketing.email. Of two
    consents with the same time, the denial wins.
    """
    lines = _resolve_purposes(pq.read_table(path), purposes)
    by_customer = groupby(_parse_consents(lines.filter(pc.is_valid(lines["target"]))), key=itemgetter(0))
    updates = ((customer_id, [consent for _, consent in consents]) for customer_id, consents in by_customer)
    changed = 0
    while batch := dict(islice(updates, BATCH_SIZE)):
        changed += ledger.record(batch)
    unused = pc.unique(lines.filter(pc.is_null(lines["target"]))["purpose"]).to_pylist()
    return ImportSummary(changed, tuple(sorted(str(purpose) for purpose in unused)))


def _resolve_purposes(lines: pa.Table, purposes: Mapping[str, str]) -> pa.Table:
    """The lines with a column ``target``: the purpose, or purpose and channel, that is configured; null if unmapped."""
    known = {**{purpose: purpose for purpose in PURPOSES}, **purposes}
    targets = [known.get(purpose) for purpose in lines["purpose"].to_pylist()]
    lines = lines.append_column("target", pa.array(targets, pa.string()))
    return lines.sort_by([("customer_id", "ascending"), ("at_us", "ascending"), ("granted", "ascending")])


def _parse_consents(lines: pa.Table) -> Iterator[tuple[str, Consent]]:
    until = lines["until"].cast(pa.timestamp("us", "UTC")).cast(pa.int64()) if "until" in lines.column_names else None
    columns = [lines[name].to_pylist() for name in ("customer_id", "target", "granted", "at_us")]
    channels = lines["channel"].to_pylist() if "channel" in lines.column_names else [None] * lines.num_rows
    ends = [None] * lines.num_rows if until is None else until.to_pylist()
    for customer_id, target, granted, changed_at, channel, end in zip(*columns, channels, ends, strict=True):
        purpose, _, target_channel = target.partition(".")
        yield customer_id, Consent(purpose, target_channel or channel or ALL_CHANNELS, granted, changed_at, end)
