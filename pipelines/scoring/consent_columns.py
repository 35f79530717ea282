"""Consent columns: which customers may be scored, and on which channels each of them may be contacted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.consents.consent import ALL_CHANNELS, MARKETING, Consents, Defaults
from features.consents.ledger import Ledger
from features.consents.profiling_scope import ProfilingScope
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
    """The customers who consent to profiling, in the order given.

    Raises:
        NotFound: there are none.
    """
    is_exception = pc.is_in(customers, value_set=pa.array(profiling_scope.exception_ids, pa.string()))
    consented = customers.filter(pc.invert(is_exception) if profiling_scope.by_default else is_exception)
    erased = ledger.erased_among(consented.to_pylist())
    consented = consented.filter(pc.invert(pc.is_in(consented, value_set=pa.array(erased, pa.string()))))
    if not len(consented):
        raise NotFound(
            f"Of {len(customers):,} known customers none may be scored. Expected some who consent to profiling: import "
            "their consents, or set the default for customers without one in [business.consent_defaults]."
        )
    return consented


@dataclass(frozen=True)
class ConsentColumns:
    """Allowed channels of each customer with a consent record, and the default row of all other customers."""

    consent_snapshot: ConsentSnapshotRef
    rows: dict[str, _ConsentRow]
    default_row: _ConsentRow

    @classmethod
    def from_ledger(cls, ledger: Ledger, now: int) -> ConsentColumns:
        """Read the columns from the ledger; a consent that changes during the read belongs to the next state."""
        state, defaults = ledger.state(), ledger.defaults()
        records = list(ledger.all_records())
        entries = (entry for record in records for entry in record.consents.entries)
        known = sorted({entry.channel for entry in entries if entry.purpose == MARKETING} - {ALL_CHANNELS})
        rows = {record.customer_id: _consent_row(record.consents, known, now, defaults) for record in records}
        snapshot = ConsentSnapshotRef(state, defaults, frozenset(known))
        return cls(snapshot, rows, _consent_row(Consents(), known, now, defaults))

    def table(self, customers: pa.Array) -> pa.Table:
        """The two columns of the customers, one row each; ``*`` stands for every channel that no consent names."""
        rows = [self.rows.get(customer_id, self.default_row) for customer_id in customers.to_pylist()]
        offsets = np.cumsum([0, *(len(channels) for channels, _ in rows)], dtype=np.int32)
        flat = pa.array([channel for channels, _ in rows for channel in channels], pa.string())
        until = pa.array([end for _, end in rows], pa.int64()).cast(COLUMNS.field(1).type)
        return pa.table([pa.ListArray.from_arrays(offsets, flat), until], schema=COLUMNS)


def _consent_row(consents: Consents, known_channels: list[str], now: int, defaults: Defaults) -> _ConsentRow:
    ends = [end for end in consents.expiry_times() if end > now]
    return consents.allowed_channels(MARKETING, known_channels, now, defaults), min(ends, default=None)
