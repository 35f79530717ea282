"""Event kinds: sentences for kinds that only the log or only the configuration has."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from features.config.sources import EventsSource
from features.ingestion.event_kinds import unmatched_kinds


def write_events(folder: Path, *kinds: str) -> Path:
    """Write a history whose events have these kinds."""
    pq.write_table(pa.table({"kind": list(kinds)}), folder / "events.parquet")
    return folder


def event_config(*behaviour: str) -> EventsSource:
    """An events section that lists these kinds."""
    return EventsSource(path="e.csv", customer_id=("who",), happened_at=("at",), kind=("kind",), behaviour=behaviour)


def test_nothing_is_said_where_log_and_lists_agree(tmp_path: Path) -> None:
    assert unmatched_kinds(event_config("visit"), write_events(tmp_path, "visit", "visit")) == []


def test_a_kind_in_neither_list_is_counted_and_named(tmp_path: Path) -> None:
    assert unmatched_kinds(event_config("visit"), write_events(tmp_path, "visit", "call", "call")) == [
        "2 events are of kinds in neither list and not used: 'call'"
    ]


def test_a_listed_kind_that_never_happened_is_named(tmp_path: Path) -> None:
    assert unmatched_kinds(event_config("visit", "vist"), write_events(tmp_path, "visit")) == [
        "no event is of a listed kind: 'vist'"
    ]
