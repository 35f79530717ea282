"""Customer tables: the parquet files of a home that may contain customers, which an erasure rewrites."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

_FOLDERS = ("history", "features", "predictions", ".")


def customer_tables(home: Path) -> Iterator[Path]:
    """Yield all tables of the home that may contain customers: log, features, predictions, scores and part files."""
    for folder in _FOLDERS:
        yield from sorted((home / folder).glob("*.parquet"))
    yield from sorted(home.glob(".*.parts/*.parquet"))


def table_name(home: Path, path: Path) -> str:
    """Return the name of a table in the report; part files of scores count as scores, snapshots as predictions."""
    relative_path = path.relative_to(home)
    if relative_path.parts[0] == "predictions":
        return "predictions"
    return "scores" if relative_path.parts[0].startswith((".", "scores")) else relative_path.with_suffix("").as_posix()
