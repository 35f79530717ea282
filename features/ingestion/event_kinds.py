"""Event kinds that flywheel.toml and the log do not share: a typo there silently empties a feature."""

from __future__ import annotations

from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.config.sources import EventsSource

MAX_LISTED = 5


def unmatched_kinds(events: EventsSource, folder: Path) -> list[str]:
    """One sentence for kinds that are logged but in neither list, one for kinds that are listed but never logged."""
    counted = pc.value_counts(pq.read_table(folder / "events.parquet", columns=["kind"])["kind"]).to_pylist()
    logged = {one["values"]: one["counts"] for one in counted}
    listed = {*events.behaviour, *events.social}
    unused = {kind: count for kind, count in logged.items() if kind not in listed}
    found = []
    if unused:
        found.append(
            f"{sum(unused.values()):,} events are of kinds in neither list and not used: {_list_kinds(unused)}"
        )
    if listed - set(logged):
        found.append(f"no event is of a listed kind: {_list_kinds(listed - set(logged))}")
    return found


def _list_kinds(kinds: set[str] | dict[str, int]) -> str:
    names = sorted(kinds)
    more = f" and {len(names) - MAX_LISTED} more" if len(names) > MAX_LISTED else ""
    return ", ".join(map(repr, names[:MAX_LISTED])) + more
