"""Compute every feature at every cutoff that is needed, and give today's to the online store."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from features.behaviour import behaviour, behaviour_view
from features.description import Description
from features.history import Cutoff, History
from features.social import social, social_view
from features.transactions import transactions, transactions_view
from features.views import View


def views(description: Description, history: History) -> tuple[View, ...]:
    """The views that this shop's log can fill; the first has a row for every known customer."""
    found = [transactions_view(history)]
    if description.events is not None and description.events.behaviour:
        found.append(behaviour_view(description.events))
    if description.events is not None and description.events.social:
        found.append(social_view(description.events))
    return tuple(found)


def write_features(description: Description, history: History, cutoffs: Sequence[Cutoff], folder: Path) -> None:
    """One parquet file per view, a row per customer and cutoff, replaced whole."""
    folder.mkdir(parents=True, exist_ok=True)
    events = description.events
    _write(transactions(history, cutoffs), folder / "transactions.parquet")
    if events is not None and events.behaviour:
        _write(behaviour(history, cutoffs, events), folder / "behaviour.parquet")
    if events is not None and events.social:
        _write(social(history, cutoffs, events), folder / "social.parquet")


def _write(table: ir.Table, path: Path) -> None:
    draft = path.with_suffix(".tmp")
    found = table.to_pyarrow()
    micros = pa.timestamp("us", tz="UTC")
    stamp = found.schema.get_field_index("event_timestamp")
    found = found.set_column(stamp, pa.field("event_timestamp", micros), found["event_timestamp"].cast(micros))
    pq.write_table(found, draft, coerce_timestamps="us")
    os.replace(draft, path)
