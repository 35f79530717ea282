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
from features.consents.consent import ALL, MARKETING, Asked, Defaults
from features.consents.ledger import Ledger
from serving.audiences.errors import BadScores
from serving.audiences.query.column_store import Ordered
from serving.audiences.query.scores_table import Columns, Identity, identity_of
from serving.audiences.query.text_columns import Lists
from serving.privacy.erasure import erased_until

CHANNELS, UNTIL = "consent_channels", "consent_until"
_KEY = b"flywheel.consents"


@dataclass(frozen=True)
class Basis:
    """By which state of the ledger the consents beside the scores were written."""

    state: int
    defaults: Defaults
    channels: frozenset[str]  # all that anybody had named

    def metadata(self) -> Mapping[bytes, bytes]:
        """For the schema of the scores table."""
        said = [self.state, self.defaults.profiling, self.defaults.marketing, sorted(self.channels)]
        return {_KEY: orjson.dumps(said)}

    @classmethod
    def of(cls, schema: pa.Schema) -> Basis | None:
        """From the schema of a scores table; None for one that says nothing of consents."""
        said = (schema.metadata or {}).get(_KEY)
        if said is None:
            return None
        state, profiling, marketing, channels = orjson.loads(said)
        return cls(state, Defaults(profiling, marketing), frozenset(channels))


class Reach:
    """Consent over whole scores tables: a mask in milliseconds, though each customer's word may change at any time."""

    def __init__(self, ledger: Ledger, home: Path) -> None:
        self._ledger = ledger
        self._home = home
        self._gone: tuple[Identity, int, Booleans] | None = None
        self._counting = Lock()

    def state(self) -> int:
        """The ledger's, now."""
        return self._ledger.state()

    def mask(self, columns: Columns, asked: Asked, now: int) -> Booleans:
        """Who may be reached, (customers,): with consent to profiling and to the purpose, on the channel or on any."""
        basis, defaults = Basis.of(columns.schema), self._ledger.defaults()
        if basis is None or basis.defaults != defaults or self._ledger.state() < basis.state:
            return self.page(columns.ids.to_pylist(), asked, now)
        may = _then(columns, basis, asked)
        self._put_right(may, columns, asked, self._unsure(columns, basis, now), now)
        return may & ~self._forgotten(columns, basis)

    def page(self, customer_ids: Sequence[str], asked: Asked, now: int) -> Booleans:
        """Who of some customers may be reached at this very moment, (customers,)."""
        return np.array(self._ledger.allowed(customer_ids, asked, now), np.bool_)

    def still(self, customer_ids: Sequence[str], asked: Asked, since: int, now: int) -> Booleans:
        """Who of some customers, all of whom could be reached at a state of the ledger, can be reached still."""
        changed = {record.customer_id for record in self._ledger.changed_since(since)}
        doubtful = [one for one in customer_ids if one in changed] if changed else []
        may = dict(zip(doubtful, self._ledger.allowed(doubtful, asked, now), strict=True))
        gone = set(self._ledger.forgotten_among(customer_ids, since))
        return np.array([may.get(one, True) and one not in gone for one in customer_ids], np.bool_)

    def _unsure(self, columns: Columns, basis: Basis, now: int) -> Booleans:
        """Who said something since, or whose grant has run out."""
        changed = [record.customer_id for record in self._ledger.changed_since(basis.state)]
        unsure = columns.among(changed)
        until = columns[UNTIL]
        return unsure | until.compared("at_most", now) if isinstance(until, Ordered) else unsure

    def _put_right(self, may: Booleans, columns: Columns, asked: Asked, unsure: Booleans, now: int) -> None:
        rows = np.flatnonzero(unsure)
        if len(rows):
            may[rows] = self._ledger.allowed(columns.ids.take(pa.array(rows)).to_pylist(), asked, now)

    def _forgotten(self, columns: Columns, basis: Basis) -> Booleans:
        """Who asked to be forgotten and is still in the file, because another writer held the home."""
        since = max(basis.state, self._erased_from(columns))
        last = max(self._ledger.erasures(), default=0)
        if last <= since:
            return np.zeros(len(columns), np.bool_)
        with self._counting:
            if self._gone is None or self._gone[:2] != (columns.identity, last):
                gone = self._ledger.forgotten_among(columns.ids.to_pylist(), since)
                self._gone = (columns.identity, last, columns.among(gone))
            return self._gone[2]

    def _erased_from(self, columns: Columns) -> int:
        """The state up to which nobody forgotten is in these columns: others may have been erased from a newer file."""
        until = erased_until(self._home)
        with suppress(BadScores):
            if identity_of(columns.path) == columns.identity:
                return until
        return 0


def _then(columns: Columns, basis: Basis, asked: Asked) -> Booleans:
    """As it was when they were scored; whoever was not to be profiled is not in the table."""
    if asked.purpose != MARKETING:
        return np.ones(len(columns), np.bool_)
    channels = columns[CHANNELS]
    if not isinstance(channels, Lists):
        raise TypeError(f"Found {CHANNELS} of another kind than lists; expected what `flywheel score` writes.")
    if asked.channel is None:
        return channels.among([*basis.channels, ALL])
    return channels.among([asked.channel if asked.channel in basis.channels else ALL])
