"""From the canonical consents of a log to the ledger: whose word it is, for what, and since when."""

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
    """What became of the lines."""

    changed_customers: int  # whose word is another now
    unused_purposes: tuple[str, ...]  # purposes that mean nothing here


def import_consents(path: Path, purposes: Mapping[str, str], ledger: Ledger) -> ImportSummary:
    """Write what ``consents.parquet`` says into the ledger, where it is newer than what that holds.

    ``purposes`` gives a purpose as the log writes it its meaning here: profiling, marketing, or marketing.email. Of two
    words of one instant the no stands.
    """
    lines = _resolve_purposes(pq.read_table(path), purposes)
    by_customer = groupby(_parse_consents(lines.filter(pc.is_valid(lines["meant"]))), key=itemgetter(0))
    said = ((customer_id, [word for _, word in words]) for customer_id, words in by_customer)
    changed = 0
    while some := dict(islice(said, BATCH_SIZE)):
        changed += ledger.record(some)
    unused = pc.unique(lines.filter(pc.is_null(lines["meant"]))["purpose"]).to_pylist()
    return ImportSummary(changed, tuple(sorted(str(one) for one in unused)))


def _resolve_purposes(lines: pa.Table, purposes: Mapping[str, str]) -> pa.Table:
    """With the purpose, and perhaps the channel, that each line means; null where it means none."""
    known = {**{purpose: purpose for purpose in PURPOSES}, **purposes}
    meant = [known.get(one) for one in lines["purpose"].to_pylist()]
    lines = lines.append_column("meant", pa.array(meant, pa.string()))
    return lines.sort_by([("customer_id", "ascending"), ("at_us", "ascending"), ("granted", "ascending")])


def _parse_consents(lines: pa.Table) -> Iterator[tuple[str, Consent]]:
    until = lines["until"].cast(pa.timestamp("us", "UTC")).cast(pa.int64()) if "until" in lines.column_names else None
    columns = [lines[name].to_pylist() for name in ("customer_id", "meant", "granted", "at_us")]
    channels = lines["channel"].to_pylist() if "channel" in lines.column_names else [None] * lines.num_rows
    ends = [None] * lines.num_rows if until is None else until.to_pylist()
    for customer_id, meant, granted, at, channel, end in zip(*columns, channels, ends, strict=True):
        purpose, _, named = meant.partition(".")
        yield customer_id, Consent(purpose, named or channel or ALL_CHANNELS, granted, at, end)
