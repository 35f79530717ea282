"""Due customers: a scored shop of fakes whose table has the days of reminders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from serving.audience_policy import AudiencePolicy
from tests.serving.api.audience_requests import scored_shop
from tests.serving.fakes import Shop

MONDAY, TUESDAY, NEXT_MONDAY = date(2026, 11, 23), date(2026, 11, 24), date(2026, 11, 30)
Due = tuple[date | None, str | None]  # the day of the reminder, and its category


def due_shop(home: Path, due: Sequence[Due], policy: AudiencePolicy | None = None) -> Shop:
    """The shop of forty scored customers c000 to c039, with the reminders of the first ones; the rest have none."""
    shop = scored_shop(home, policy)
    add_columns(home, due)
    return shop


def add_columns(home: Path, due: Sequence[Due]) -> None:
    """Add the columns of reminders to the scores table of a home, in the order of its customers."""
    table = pq.read_table(home / "scores.parquet")
    rows = [*due, *[(None, None)] * (len(table) - len(due))]
    days, names = pa.array([day for day, _ in rows], pa.date32()), pa.array([name for _, name in rows], pa.string())
    columns: Mapping[str, pa.Array] = {
        "remind_on": days,
        "next_category": names,
        "next_category_remind_on": pa.array([day if name else None for day, name in rows], pa.date32()),
    }
    for name, values in columns.items():
        table = table.append_column(name, values)
    pq.write_table(table, home / "scores.tmp")
    (home / "scores.tmp").replace(home / "scores.parquet")
