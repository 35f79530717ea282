"""Event kinds: a check for kinds that are only in the log or only in flywheel.toml, which is often a typo."""

from __future__ import annotations

from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.config.sources import EventsSource

MAX_LISTED = 5


def unmatched_kinds(events: EventsSource, folder: Path) -> list[str]:
    """Sentences on the kinds that are logged but not listed, and on the kinds that are listed but never logged."""
    counts = pc.value_counts(pq.read_table(folder / "events.parquet", columns=["kind"])["kind"]).to_pylist()
    logged = {row["values"]: row["counts"] for row in counts}
    listed = {*events.behaviour, *events.social}
    unused = {kind: count for kind, count in logged.items() if kind not in listed}
    sentences = []
    if unused:
        sentences.append(
            f"{sum(unused.values()):,} events are of kinds in neither list and not used: {_list_kinds(unused)}"
        )
    if listed - set(logged):
        sentences.append(f"no event is of a listed kind: {_list_kinds(listed - set(logged))}")
    return sentences


def _list_kinds(kinds: set[str] | dict[str, int]) -> str:
    names = sorted(kinds)
    remainder = f" and {len(names) - MAX_LISTED} more" if len(names) > MAX_LISTED else ""
    return ", ".join(map(repr, names[:MAX_LISTED])) + remainder
