"""Attendance log: who attended an event and on which day, from the events of the log and the outcomes of the intake."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.arrays import Integers
from features.canonical_form import canonical_word
from features.errors import FlywheelError
from training.attendance.log.purchase_log import PurchaseLog
from training.attendance.panel.panel_building import Attendances

MAX_LISTED = 10


class UnknownEvent(FlywheelError):
    """The log has no event of this kind."""


def read_attendances(tables: Mapping[str, pq.ParquetFile], event: str, log: PurchaseLog, zone: ZoneInfo) -> Attendances:
    """Every attendance of customers who may be analysed, in the order of days, then of customers.

    Raises:
        UnknownEvent: nobody ever attended; the message names the kinds of events that there are.
    """
    kind, parts, kinds = canonical_word(event), [], set()
    for table in _event_tables(tables, zone):
        kinds.update(pc.unique(table["kind"]).to_pylist())
        parts.append(table.filter(pc.equal(table["kind"], kind)).select(["customer_id", "day_number"]))
    if kind not in kinds:
        listed = ", ".join(sorted(kinds)[:MAX_LISTED]) or "none"
        raise UnknownEvent(
            f"Found no event of the kind {kind!r}. Expected one of the log: {listed}. Correct its name, or send "
            "attendances to POST /v1/outcomes."
        )
    rows = pa.concat_tables(parts)
    customer, day = log.positions(rows["customer_id"]), rows["day_number"].to_numpy().astype(np.int64)
    order = np.lexsort((customer, day))
    order = order[(customer[order] >= 0) & (day[order] < log.purchases.end_day)]
    return Attendances(customer=customer[order], day=day[order])


def local_days(instants: pa.ChunkedArray, zone: ZoneInfo) -> pa.ChunkedArray:
    """The local days of instants in microseconds since 1970 UTC, as days since 1970."""
    local = pc.local_timestamp(instants.cast(pa.timestamp("us", tz="UTC")).cast(pa.timestamp("us", tz=zone.key)))
    return local.cast(pa.date32(), safe=False).cast(pa.int32())


def first_rows(customer: Integers) -> Integers:
    """The position of each customer's first row, ascending by row."""
    _, first = np.unique(customer, return_index=True)
    rows: Integers = np.sort(first)
    return rows


def _event_tables(tables: Mapping[str, pq.ParquetFile], zone: ZoneInfo) -> Iterator[pa.Table]:
    """Tables of customer_id, kind and day_number."""
    if "events" in tables:
        yield tables["events"].read(columns=["customer_id", "kind", "day_number"])
    if "outcomes" in tables:
        outcomes = tables["outcomes"].read(columns=["customer_id", "kind", "happened_at_us"])
        outcomes = outcomes.filter(pc.is_valid(outcomes["customer_id"]))
        days = local_days(outcomes["happened_at_us"], zone)
        yield outcomes.select(["customer_id", "kind"]).append_column("day_number", days)
