"""Relocation: a home that was moved or copied reads its own artefacts, not those of the place it came from."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

ARTIFACTS = "mlartifacts"  # the folder below a home with the artefacts of its runs
LOCK_WAIT_SECONDS = 10.0

# MLflow stores absolute locations only, in these columns.
_LOCATIONS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)
_DEFAULT_EXPERIMENT = "0"  # MLflow makes it with a folder below the working directory


def artifacts_uri(home: Path) -> str:
    """The location of a home's artefacts, as MLflow stores it."""
    return (home.resolve() / ARTIFACTS).as_uri()


def relocate(home: Path) -> bool:
    """Rewrite the artefact locations of a home that is elsewhere now, in one transaction; returns whether any was.

    A location ends in ``mlartifacts/`` and what follows, which moves with the home; what is before it is replaced.

    Raises:
        sqlite3.OperationalError: the store is locked for longer than ``LOCK_WAIT_SECONDS``, or cannot be written.
    """
    here = artifacts_uri(home)
    database = sqlite3.connect(home / "mlflow.db", timeout=LOCK_WAIT_SECONDS, isolation_level=None)
    with closing(database):
        if not any(_moved_locations(database, here)):
            return False
        database.execute("BEGIN IMMEDIATE")
        with database:  # commits, or rolls back
            for table, column, old, new in list(_moved_locations(database, here)):
                database.execute(f"UPDATE {table} SET {column} = ? WHERE {column} = ?", (new, old))  # noqa: S608
            return True


def _moved_locations(database: sqlite3.Connection, here: str) -> Iterator[tuple[str, str, str, str]]:
    """Table, column, the location that it has, and the one that it should have."""
    for table, column in _LOCATIONS:
        for (old,) in database.execute(f"SELECT DISTINCT {column} FROM {table}"):  # noqa: S608 -- constants above
            before, _, below = str(old).rpartition(f"/{ARTIFACTS}/")
            if before and f"{before}/{ARTIFACTS}" != here:
                yield table, column, str(old), f"{here}/{below}"
    default = "SELECT artifact_location FROM experiments WHERE experiment_id = ?"
    for (old,) in database.execute(default, (_DEFAULT_EXPERIMENT,)):
        if f"/{ARTIFACTS}/" not in str(old):
            yield "experiments", "artifact_location", str(old), f"{here}/Default"
