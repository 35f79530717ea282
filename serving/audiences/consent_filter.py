"""Who of the scored may be reached just now? What held when they were scored, put right by what was said since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import numpy as np
import orjson
import pyarrow as pa

from features.arrays import Booleans
from features.consents.consent import ALL_CHANNELS, MARKETING, Defaults, ReachRequest
from features.consents.erasure_state import erased_until
from features.consents.ledger import Ledger
from serving.audiences.errors import InvalidScores
from serving.audiences.query.column_store import NumericColumn
from serving.audiences.query.scores_table import Columns, FileIdentity, file_identity
from serving.audiences.query.text_columns import ListColumn

CHANNELS_COLUMN, UNTIL_COLUMN = "consent_channels", "consent_until"
_METADATA_KEY = b"flywheel.consents"


@dataclass(frozen=True)
class ConsentSnapshotRef:
    """By which state of the ledger the consents beside the scores were written."""

    state: int
    defaults: Defaults
    channels: frozenset[str]  # all that anybody had named

    def metadata(self) -> Mapping[bytes, bytes]:
        """For the schema of the scores table."""
        said = [self.state, self.defaults.profiling, self.defaults.marketing, sorted(self.channels)]
        return {_METADATA_KEY: orjson.dumps(said)}

    @classmethod
    def from_schema(cls, schema: pa.Schema) -> ConsentSnapshotRef | None:
        """From the schema of a scores table; None for one that says nothing of consents."""
        said = (schema.metadata or {}).get(_METADATA_KEY)
        if said is None:
            return None
        state, profiling, marketing, channels = orjson.loads(said)
        return cls(state, Defaults(profiling, marketing), frozenset(channels))


class ConsentFilter:
    """Consent over whole scores tables: a mask in milliseconds, though each customer's word may change at any time."""

    def __init__(self, ledger: Ledger, home: Path) -> None:
        self._ledger = ledger
        self._home = home
        self._erased_cache: tuple[FileIdentity, int, Booleans] | None = None
        self._erased_lock = Lock()

    def state(self) -> int:
        """The ledger's, now."""
        return self._ledger.state()

    def mask(self, columns: Columns, request: ReachRequest, now: int) -> Booleans:
        """Who may be reached, (customers,): with consent to profiling and to the purpose, on the channel or on any."""
        basis, defaults = ConsentSnapshotRef.from_schema(columns.schema), self._ledger.defaults()
        if basis is None or basis.defaults != defaults or self._ledger.state() < basis.state:
            return self.can_reach(columns.ids.to_pylist(), request, now)
        may = _mask_at_scoring(columns, basis, request)
        self._recheck(may, columns, request, self._changed_since(columns, basis, now), now)
        return may & ~self._erased_mask(columns, basis)

    def can_reach(self, customer_ids: Sequence[str], request: ReachRequest, now: int) -> Booleans:
        """Who of some customers may be reached at this very moment, (customers,)."""
        return np.array(self._ledger.can_reach(customer_ids, request, now), np.bool_)

    def still_allowed(self, customer_ids: Sequence[str], request: ReachRequest, since: int, now: int) -> Booleans:
        """Who of some customers, all of whom could be reached at a state of the ledger, can be reached still."""
        changed = {record.customer_id for record in self._ledger.changed_since(since)}
        doubtful = [one for one in customer_ids if one in changed] if changed else []
        may = dict(zip(doubtful, self._ledger.can_reach(doubtful, request, now), strict=True))
        gone = set(self._ledger.erased_among(customer_ids, since))
        return np.array([may.get(one, True) and one not in gone for one in customer_ids], np.bool_)

    def _changed_since(self, columns: Columns, snapshot: ConsentSnapshotRef, now: int) -> Booleans:
        """Who said something since, or whose grant has run out."""
        changed = [record.customer_id for record in self._ledger.changed_since(snapshot.state)]
        unsure = columns.customer_mask(changed)
        until = columns[UNTIL_COLUMN]
        return unsure | until.compare("at_most", now) if isinstance(until, NumericColumn) else unsure

    def _recheck(self, mask: Booleans, columns: Columns, request: ReachRequest, changed: Booleans, now: int) -> None:
        rows = np.flatnonzero(changed)
        if len(rows):
            mask[rows] = self._ledger.can_reach(columns.ids.take(pa.array(rows)).to_pylist(), request, now)

    def _erased_mask(self, columns: Columns, snapshot: ConsentSnapshotRef) -> Booleans:
        """Who asked to be forgotten and is still in the file, because another writer held the home."""
        since = max(snapshot.state, self._erased_state(columns))
        last = max(self._ledger.erasures(), default=0)
        if last <= since:
            return np.zeros(len(columns), np.bool_)
        with self._erased_lock:
            if self._erased_cache is None or self._erased_cache[:2] != (columns.identity, last):
                gone = self._ledger.erased_among(columns.ids.to_pylist(), since)
                self._erased_cache = (columns.identity, last, columns.customer_mask(gone))
            return self._erased_cache[2]

    def _erased_state(self, columns: Columns) -> int:
        """The state up to which nobody forgotten is in these columns: others may have been erased from a newer file."""
        until = erased_until(self._home)
        with suppress(InvalidScores):
            if file_identity(columns.path) == columns.identity:
                return until
        return 0


def _mask_at_scoring(columns: Columns, snapshot: ConsentSnapshotRef, request: ReachRequest) -> Booleans:
    """As it was when they were scored; whoever was not to be profiled is not in the table."""
    if request.purpose != MARKETING:
        return np.ones(len(columns), np.bool_)
    channels = columns[CHANNELS_COLUMN]
    if not isinstance(channels, ListColumn):
        raise TypeError(f"Found {CHANNELS_COLUMN} of another kind than lists; expected what `flywheel score` writes.")
    if request.channel is None:
        return channels.is_in([*snapshot.channels, ALL_CHANNELS])
    return channels.is_in([request.channel if request.channel in snapshot.channels else ALL_CHANNELS])
