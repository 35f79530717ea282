"""Consent import: consents of the shop's log go into the ledger, its purposes mapped to profiling and marketing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from operator import attrgetter
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.canonical_form import canonical_word
from features.consents.consent import ALL_CHANNELS, MAX_CHANNELS, PURPOSES, Consent, merge_spellings
from features.consents.first_seen import FirstSeen
from features.consents.ledger import BATCH_SIZE, Ledger


@dataclass(frozen=True)
class ImportSummary:
    """The result of an import."""

    changed_customers: int  # customers with another consent than before
    unused_purposes: tuple[str, ...]  # purposes of the log that the configuration does not map
    future_consents: int = 0  # consents dated in the future
    folded_customers: int = 0  # customers with consents for more than MAX_CHANNELS channels


def import_consents(path: Path, purposes: Mapping[str, str], ledger: Ledger, now: int) -> ImportSummary:
    """Write the consents of ``consents.parquet`` into the ledger, where they are newer. Idempotent.

    A consent dated after ``now``, microseconds since 1970 UTC, counts from the first import that saw it.

    ``purposes`` maps a purpose of the log to profiling, marketing, or a channel such as marketing.email. Of two
    consents with the same time, the denial wins; so it does over a grant in another spelling of the customer, the
    purpose or the channel.
    """
    table = _resolve_purposes(pq.read_table(path), purposes)
    first_seen = FirstSeen.open(path.parent, now)
    lines = _parse_consents(table.filter(pc.is_valid(table["target"])), first_seen)
    updates = (
        (customer_id, _merge_purposes(group)) for customer_id, group in groupby(lines, attrgetter("customer_id"))
    )
    changed = folded = 0
    while batch := dict(islice(updates, BATCH_SIZE)):
        # Before the ledger: an import that is killed in between would date the same consents anew.
        first_seen.save()
        changed += ledger.record(batch, now=now)
        folded += sum(_has_too_many_channels(consents) for consents in batch.values())
    first_seen.save()
    unused = pc.unique(table.filter(pc.is_null(table["target"]))["purpose"]).to_pylist()
    return ImportSummary(changed, tuple(sorted(str(purpose) for purpose in unused)), first_seen.future_consents, folded)


@dataclass(frozen=True)
class _ConsentLine:
    """One consent of the log, with the canonical purpose of the log and the spelling of all that names it."""

    customer_id: str
    log_purpose: str
    spelling: tuple[str | None, ...]
    consent: Consent


def _merge_purposes(lines: Iterable[_ConsentLine]) -> list[Consent]:
    """The consents of one customer; purposes of the log that have one target are no spellings of each other."""
    by_purpose: dict[str, list[_ConsentLine]] = {}
    for line in lines:
        by_purpose.setdefault(line.log_purpose, []).append(line)
    return [
        consent
        for spelled in by_purpose.values()
        for consent in merge_spellings((line.spelling, line.consent) for line in spelled)
    ]


def _resolve_purposes(lines: pa.Table, purposes: Mapping[str, str]) -> pa.Table:
    """The lines with a column ``target``: the purpose, or purpose and channel, that is configured; null if unmapped."""
    known = {purpose: purpose for purpose in PURPOSES}
    known |= {canonical_word(purpose): target for purpose, target in purposes.items()}
    targets = [
        None if purpose is None else known.get(canonical_word(purpose)) for purpose in lines["purpose"].to_pylist()
    ]
    lines = lines.append_column("target", pa.array(targets, pa.string()))
    return lines.sort_by([("customer_id", "ascending"), ("at_us", "ascending"), ("granted", "ascending")])


def _has_too_many_channels(consents: Sequence[Consent]) -> bool:
    return len({consent.channel for consent in consents} - {ALL_CHANNELS}) > MAX_CHANNELS


def _parse_consents(lines: pa.Table, first_seen: FirstSeen) -> Iterator[_ConsentLine]:
    until = lines["until"].cast(pa.timestamp("us", "UTC")).cast(pa.int64()) if "until" in lines.column_names else None
    columns = [lines[name].to_pylist() for name in ("customer_id", "target", "granted", "at_us", "spelling", "purpose")]
    channels = lines["channel"].to_pylist() if "channel" in lines.column_names else [None] * lines.num_rows
    ends = [None] * lines.num_rows if until is None else until.to_pylist()
    for customer_id, target, granted, changed_at, spelling, name, channel, end in zip(
        *columns, channels, ends, strict=True
    ):
        purpose, _, target_channel = target.partition(".")
        consent = Consent(purpose, target_channel or channel or ALL_CHANNELS, granted, changed_at, end)
        settled = first_seen.settle(customer_id, consent)
        yield _ConsentLine(customer_id, canonical_word(name), (spelling, name, channel), settled)
