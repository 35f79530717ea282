"""Who may be scored, and on which channels may they be written to? The ledger's word, as columns beside the scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.consents.consent import ALL, MARKETING, Consents, Defaults
from features.consents.ledger import Ledger, Profiled
from features.errors import NothingThere
from serving.audiences.consent_filter import CHANNELS, UNTIL, Basis
from training.segments.column import Column

DECLARED = (
    Column(
        CHANNELS, pa.list_(pa.string()), "Channels that the customer may be reached on; `*` is every other channel."
    ),
    Column(UNTIL, pa.timestamp("us", tz="UTC"), "When the first of these consents ends."),
)
COLUMNS = pa.schema([(column.name, column.type) for column in DECLARED])
_Row = tuple[list[str], int | None]


def scorable(customers: pa.Array, ledger: Ledger, profiled: Profiled) -> pa.Array:
    """Of these customers those of whom predictions may be made, in the order given; raises NothingThere for none."""
    named = pc.is_in(customers, value_set=pa.array(profiled.others, pa.string()))
    may = customers.filter(pc.invert(named) if profiled.by_default else named)
    forgotten = ledger.forgotten_among(may.to_pylist())
    may = may.filter(pc.invert(pc.is_in(may, value_set=pa.array(forgotten, pa.string()))))
    if not len(may):
        raise NothingThere(
            f"Of {len(customers):,} known customers nobody may be scored. Expected some who consent to profiling: give "
            "their consents, or say what counts for those who were never asked, [business.consent_defaults]."
        )
    return may


@dataclass(frozen=True)
class Consented:
    """On which channels customers may be written to: those few who said something, and all others."""

    basis: Basis
    said: dict[str, _Row]
    unsaid: _Row

    @classmethod
    def of(cls, ledger: Ledger, now: int) -> Consented:
        """As the ledger stands; what is said while it is read counts as said afterwards."""
        state, defaults = ledger.state(), ledger.defaults()
        records = list(ledger.everybody())
        words = (word for record in records for word in record.consents.words)
        known = sorted({word.channel for word in words if word.purpose == MARKETING} - {ALL})
        said = {record.customer_id: _row(record.consents, known, now, defaults) for record in records}
        basis = Basis(state, defaults, frozenset(known))
        return cls(basis, said, _row(Consents(), known, now, defaults))

    def table(self, customers: pa.Array) -> pa.Table:
        """``consent_channels``, with ``*`` for those without a word of their own, and until when all of it holds."""
        rows = [self.said.get(one, self.unsaid) for one in customers.to_pylist()]
        offsets = np.cumsum([0, *(len(channels) for channels, _ in rows)], dtype=np.int32)
        flat = pa.array([channel for channels, _ in rows for channel in channels], pa.string())
        until = pa.array([end for _, end in rows], pa.int64()).cast(COLUMNS.field(1).type)
        return pa.table([pa.ListArray.from_arrays(offsets, flat), until], schema=COLUMNS)


def _row(consents: Consents, known: list[str], now: int, defaults: Defaults) -> _Row:
    ends = [end for end in consents.ends() if end > now]
    return consents.channels(MARKETING, known, now, defaults), min(ends, default=None)
