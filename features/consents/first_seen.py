"""First seen: since when the consents of the log that were dated in the future count, however often it is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from features.consents.consent import Consent
from features.consents.recording_dates import earliest_recording
from features.storage.atomic_files import atomic_write

IMPORT_MARKER = "consents.taken"  # in the history: the log whose consents were imported last
FIRST_SEEN_FILE = "future_consents.parquet"  # erasures find it: it is a table of the history with customer ids
_SCHEMA = pa.schema(
    [
        ("customer_id", pa.string()),
        ("purpose", pa.string()),
        ("channel", pa.string()),
        ("granted", pa.bool_()),
        ("claimed_at_us", pa.int64()),
        ("counts_from_us", pa.int64()),
    ]
)
_Key = tuple[str, str, str, bool, int]


@dataclass
class FirstSeen:
    """The instant from which each consent counts that was dated in the future when an import first saw it.

    Without this memory, every import would date such a grant anew, and it would outrank a no given in between.
    """

    path: Path
    now: int  # of the import, microseconds since 1970 UTC
    is_upgrade: bool  # whether an earlier version, which kept no memory, imported this log
    counts_from: dict[_Key, int] = field(default_factory=dict)
    _saved: int | None = None  # the number of consents in the file

    @classmethod
    def open(cls, history: Path, now: int) -> FirstSeen:
        """Read what earlier imports saw; ``now`` in microseconds since 1970 UTC. A damaged file is as an upgrade."""
        path = history / FIRST_SEEN_FILE
        if not path.is_file():
            return cls(path, now, is_upgrade=(history / IMPORT_MARKER).is_file())
        try:
            rows = pq.read_table(path, schema=_SCHEMA).to_pylist()
        except (OSError, pa.ArrowInvalid):
            return cls(path, now, is_upgrade=True)
        counts_from: dict[_Key, int] = {_key(row): row["counts_from_us"] for row in rows}
        return cls(path, now, is_upgrade=False, counts_from=counts_from, _saved=len(counts_from))

    def settle(self, customer_id: str, consent: Consent) -> Consent:
        """The consent, dated from when it counts."""
        if consent.changed_at <= self.now and not self.counts_from:
            return consent
        key = (customer_id, consent.purpose, consent.channel, consent.granted, consent.changed_at)
        since = self.counts_from.get(key)
        if since is None:
            if consent.changed_at <= self.now:
                return consent
            since = self.counts_from[key] = self._first_seen_at(consent)
        return replace(consent, changed_at=since)

    def save(self) -> None:
        """Write what this import saw, also if that is nothing: the file says that there is a memory."""
        if self._saved == len(self.counts_from):
            return
        rows = [dict(zip(_SCHEMA.names, (*key, since), strict=True)) for key, since in sorted(self.counts_from.items())]
        with atomic_write(self.path) as temporary:
            pq.write_table(pa.Table.from_pylist(rows, schema=_SCHEMA), temporary)
        self._saved = len(self.counts_from)

    @property
    def future_consents(self) -> int:
        """The number of consents that are still dated in the future."""
        return sum(key[4] > self.now for key in self.counts_from)

    def _first_seen_at(self, consent: Consent) -> int:
        return earliest_recording(consent.changed_at, self.now) if self.is_upgrade and consent.granted else self.now


def _key(row: Mapping[str, Any]) -> _Key:
    return row["customer_id"], row["purpose"], row["channel"], row["granted"], row["claimed_at_us"]
