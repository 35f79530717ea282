"""Who may be scored, and on which channels may they be written to? The ledger's word, as columns beside the scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.consents.consent import ALL_CHANNELS, MARKETING, Consents, Defaults
from features.consents.ledger import Ledger, ProfilingScope
from features.errors import NotFound
from serving.audiences.consent_filter import CHANNELS_COLUMN, UNTIL_COLUMN, ConsentSnapshotRef
from training.segments.column import ColumnSpec

DECLARED = (
    ColumnSpec(
        CHANNELS_COLUMN,
        pa.list_(pa.string()),
        "Channels that the customer may be reached on; `*` is every other channel.",
    ),
    ColumnSpec(UNTIL_COLUMN, pa.timestamp("us", tz="UTC"), "When the first of these consents ends."),
)
COLUMNS = pa.schema([(column.name, column.type) for column in DECLARED])
_ConsentRow = tuple[list[str], int | None]


def consented_customers(customers: pa.Array, ledger: Ledger, profiling_scope: ProfilingScope) -> pa.Array:
    """Of these customers those of whom predictions may be made, in the order given; raises NotFound for none."""
    named = pc.is_in(customers, value_set=pa.array(profiling_scope.exception_ids, pa.string()))
    may = customers.filter(pc.invert(named) if profiling_scope.by_default else named)
    forgotten = ledger.erased_among(may.to_pylist())
    may = may.filter(pc.invert(pc.is_in(may, value_set=pa.array(forgotten, pa.string()))))
    if not len(may):
        raise NotFound(
            f"Of {len(customers):,} known customers nobody may be scored. Expected some who consent to profiling: give "
            "their consents, or say what counts for those who were never asked, [business.consent_defaults]."
        )
    return may


@dataclass(frozen=True)
class ConsentColumns:
    """On which channels customers may be written to: those few who said something, and all others."""

    consent_snapshot: ConsentSnapshotRef
    rows: dict[str, _ConsentRow]
    default_row: _ConsentRow

    @classmethod
    def from_ledger(cls, ledger: Ledger, now: int) -> ConsentColumns:
        """As the ledger stands; what is said while it is read counts as said afterwards."""
        state, defaults = ledger.state(), ledger.defaults()
        records = list(ledger.all_records())
        words = (word for record in records for word in record.consents.entries)
        known = sorted({word.channel for word in words if word.purpose == MARKETING} - {ALL_CHANNELS})
        said = {record.customer_id: _consent_row(record.consents, known, now, defaults) for record in records}
        basis = ConsentSnapshotRef(state, defaults, frozenset(known))
        return cls(basis, said, _consent_row(Consents(), known, now, defaults))

    def table(self, customers: pa.Array) -> pa.Table:
        """``consent_channels``, with ``*`` for those without a word of their own, and until when all of it holds."""
        rows = [self.rows.get(one, self.default_row) for one in customers.to_pylist()]
        offsets = np.cumsum([0, *(len(channels) for channels, _ in rows)], dtype=np.int32)
        flat = pa.array([channel for channels, _ in rows for channel in channels], pa.string())
        until = pa.array([end for _, end in rows], pa.int64()).cast(COLUMNS.field(1).type)
        return pa.table([pa.ListArray.from_arrays(offsets, flat), until], schema=COLUMNS)


def _consent_row(consents: Consents, known_channels: list[str], now: int, defaults: Defaults) -> _ConsentRow:
    ends = [end for end in consents.expiry_times() if end > now]
    return consents.allowed_channels(MARKETING, known_channels, now, defaults), min(ends, default=None)
