"""Consent filter: selects the customers with consent, from the consents in the scores table and later changes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from weakref import WeakKeyDictionary

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from features.arrays import Booleans
from features.canonical_form import IdCase, canonical_word
from features.consents.consent import ALL_CHANNELS, MARKETING, Defaults, ReachRequest
from features.consents.erasure_state import erased_until
from features.consents.ledger import Ledger
from features.storage.file_identity import FileIdentity
from serving.audiences.errors import InvalidScores
from serving.audiences.query.column_store import NumericColumn
from serving.audiences.query.scores_table import Columns, file_identity
from serving.audiences.query.text_columns import ListColumn

CHANNELS_COLUMN, UNTIL_COLUMN = "consent_channels", "consent_until"
MAX_MASKS = 8  # kept for a version of the table, a byte a customer each
_METADATA_KEY = b"flywheel.consents"


@dataclass(frozen=True)
class ConsentSnapshotRef:
    """The state of the ledger from which the scores table's consent columns were written."""

    state: int
    defaults: Defaults
    channels: frozenset[str]  # all channels named in any consent

    @property
    def is_canonical(self) -> bool:
        """Whether all channels are in canonical form; a table of an earlier version may have others."""
        return all(channel == canonical_word(channel) for channel in self.channels)

    def metadata(self) -> Mapping[bytes, bytes]:
        """Return the metadata for the schema of the scores table."""
        fields = [self.state, self.defaults.profiling, self.defaults.marketing, sorted(self.channels)]
        return {_METADATA_KEY: orjson.dumps(fields)}

    @classmethod
    def from_schema(cls, schema: pa.Schema) -> ConsentSnapshotRef | None:
        """Read the reference from the schema of a scores table; None if it has no consents."""
        payload = (schema.metadata or {}).get(_METADATA_KEY)
        if payload is None:
            return None
        state, profiling, marketing, channels = orjson.loads(payload)
        return cls(state, Defaults(profiling, marketing), frozenset(channels))


def recorded_defaults(scores: Path) -> Defaults | None:
    """The consent defaults with which a scores table was written; None where there is none."""
    try:
        snapshot = ConsentSnapshotRef.from_schema(pq.read_schema(scores))
    except (OSError, pa.ArrowException):
        return None
    return None if snapshot is None else snapshot.defaults


class ConsentFilter:
    """Consent filter of a home: computes the consent mask of a whole scores table in milliseconds."""

    def __init__(self, ledger: Ledger, home: Path) -> None:
        self._ledger = ledger
        self._home = home
        self._erased_cache: tuple[FileIdentity, int, Booleans] | None = None
        self._erased_lock = Lock()
        self._masks: WeakKeyDictionary[Columns, OrderedDict[ReachRequest, Booleans]] = WeakKeyDictionary()
        self._masks_lock = Lock()

    def state(self) -> int:
        """Return the current state of the ledger."""
        return self._ledger.state()

    def id_case(self) -> IdCase:
        """Return whether ids that differ by case only are the same customer."""
        return self._ledger.id_case()

    def channels(self, columns: Columns) -> frozenset[str]:
        """Return the channels that any consent names."""
        snapshot = ConsentSnapshotRef.from_schema(columns.schema)
        is_known = snapshot is not None and snapshot.is_canonical and self._ledger.state() >= snapshot.state
        records = self._ledger.changed_since(snapshot.state) if snapshot and is_known else self._ledger.all_records()
        changed = {entry.channel for record in records for entry in record.consents.entries}
        return ((snapshot.channels if snapshot and is_known else frozenset()) | changed) - {ALL_CHANNELS}

    def mask(self, columns: Columns, request: ReachRequest, now: int) -> Booleans:
        """Return which customers may be reached now, (customers,).

        A customer needs consent to profiling and to the purpose, on the requested channel or, without one, on any.
        """
        snapshot, defaults = ConsentSnapshotRef.from_schema(columns.schema), self._ledger.defaults()
        is_usable = snapshot is not None and snapshot.is_canonical and snapshot.defaults == defaults
        if snapshot is None or not is_usable or self._ledger.state() < snapshot.state:
            return self.can_reach(columns.ids.to_pylist(), request, now)
        mask = self._mask_at_scoring(columns, snapshot, request).copy()
        self._recheck(mask, columns, request, self._changed_since(columns, snapshot, now), now)
        return mask & ~self._erased_mask(columns, snapshot)

    def _mask_at_scoring(self, columns: Columns, snapshot: ConsentSnapshotRef, request: ReachRequest) -> Booleans:
        """Return the mask at the time of scoring, computed once for a version of the table and a request."""
        with self._masks_lock:
            masks = self._masks.setdefault(columns, OrderedDict())
            if request in masks:
                masks.move_to_end(request)
                return masks[request]
        mask = _mask_at_scoring(columns, snapshot, request)
        with self._masks_lock:
            masks[request] = mask
            if len(masks) > MAX_MASKS:
                masks.popitem(last=False)
        return mask

    def can_reach(self, customer_ids: Sequence[str], request: ReachRequest, now: int) -> Booleans:
        """Return which of n customers may be reached now, (n,)."""
        return np.array(self._ledger.can_reach(customer_ids, request, now), np.bool_)

    def still_allowed(self, customer_ids: Sequence[str], request: ReachRequest, since: int, now: int) -> Booleans:
        """Return which of n customers may still be reached, (n,); at the ledger state ``since`` all could be."""
        changed = {record.customer_id for record in self._ledger.changed_since(since)}
        changed_ids = [customer_id for customer_id in customer_ids if customer_id in changed] if changed else []
        allowed = dict(zip(changed_ids, self._ledger.can_reach(changed_ids, request, now), strict=True))
        erased = set(self._ledger.erased_among(customer_ids, since))
        return np.array(
            [allowed.get(customer_id, True) and customer_id not in erased for customer_id in customer_ids], np.bool_
        )

    def _changed_since(self, columns: Columns, snapshot: ConsentSnapshotRef, now: int) -> Booleans:
        """Return the customers whose consents changed or expired after the snapshot, (customers,)."""
        changed = [record.customer_id for record in self._ledger.changed_since(snapshot.state)]
        mask = columns.customer_mask(changed) if changed else np.zeros(len(columns), np.bool_)
        until = columns[UNTIL_COLUMN]
        return mask | until.compare("at_most", now) if isinstance(until, NumericColumn) else mask

    def _recheck(self, mask: Booleans, columns: Columns, request: ReachRequest, changed: Booleans, now: int) -> None:
        rows = np.flatnonzero(changed)
        if len(rows):
            mask[rows] = self._ledger.can_reach(columns.ids.take(pa.array(rows)).to_pylist(), request, now)

    def _erased_mask(self, columns: Columns, snapshot: ConsentSnapshotRef) -> Booleans:
        """Return the erased customers whose rows are still in the file, (customers,): their deletion is pending."""
        since = max(snapshot.state, self._erased_state(columns))
        last = max(self._ledger.erasures(), default=0)
        if last <= since:
            return np.zeros(len(columns), np.bool_)
        with self._erased_lock:
            if self._erased_cache is None or self._erased_cache[:2] != (columns.identity, last):
                erased = self._ledger.erased_among(columns.ids.to_pylist(), since)
                self._erased_cache = (columns.identity, last, columns.customer_mask(erased))
            return self._erased_cache[2]

    def _erased_state(self, columns: Columns) -> int:
        """Return the ledger state up to which the erasures are applied to these columns; 0 if the file was replaced.

        The marker of applied erasures describes the current file only.
        """
        until = erased_until(self._home)
        with suppress(InvalidScores):
            if file_identity(columns.path) == columns.identity:
                return until
        return 0


def _mask_at_scoring(columns: Columns, snapshot: ConsentSnapshotRef, request: ReachRequest) -> Booleans:
    """Return the mask at the time of scoring; customers without consent to profiling are not in the table."""
    if request.purpose != MARKETING:
        return np.ones(len(columns), np.bool_)
    channels = columns[CHANNELS_COLUMN]
    if not isinstance(channels, ListColumn):
        raise TypeError(f"Found a column {CHANNELS_COLUMN} without lists; expected what `flywheel score` writes.")
    if request.channel is None:
        return channels.is_in([*snapshot.channels, ALL_CHANNELS])
    return channels.is_in([request.channel if request.channel in snapshot.channels else ALL_CHANNELS])
