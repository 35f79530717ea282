"""Champion alias: which release MLflow calls the champion, read from a home's own store without starting MLflow."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

_WAIT_SECONDS = 1.0
_QUERY = "SELECT version FROM registered_model_aliases WHERE name = 'release' AND alias = 'champion'"


def read_champion_alias(home: Path) -> str | None:
    """The release that the alias ``champion`` names; None without one, and in a home without a store.

    Raises:
        sqlite3.Error: the store is locked or damaged.
    """
    database = home / "mlflow.db"
    if not database.is_file():
        return None
    uri = f"{database.resolve().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, timeout=_WAIT_SECONDS)) as connection:
        row = connection.execute(_QUERY).fetchone()
    return None if row is None else str(row[0])
