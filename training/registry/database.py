"""Registry database: the SQLite file of a home's MLflow store, brought to the schema of the installed MLflow."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

from features.storage.atomic_files import atomic_write


def upgrade_database(database: Path) -> bool:
    """Migrate MLflow's database to the schema of the installed version; returns whether it had another one.

    A copy is migrated and then replaces the file, because MLflow cannot reopen a database whose migration was
    interrupted.
    """
    if not database.is_file():
        return False
    with atomic_write(database) as copy:
        with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
        migrate(copy)
        return _schema_revision(database) != _schema_revision(copy)


def migrate(database: Path) -> None:
    """Create or migrate the tables of MLflow in a SQLite file that nobody else uses."""
    from mlflow.db import upgrade  # noqa: PLC0415 -- MLflow starts its telemetry while it is imported

    logging.getLogger("mlflow").setLevel(logging.WARNING)
    upgrade.main([sqlite_uri(database)], standalone_mode=False)


def sqlite_uri(database: Path) -> str:
    """The SQLAlchemy URI of a database file, with ``?`` and ``%`` in the path escaped."""
    return f"sqlite:///{str(database.resolve()).replace('%', '%25').replace('?', '%3F')}"


def _schema_revision(database: Path) -> str | None:
    with closing(sqlite3.connect(database)) as connection:
        try:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        except sqlite3.OperationalError:
            return None
    return None if row is None else str(row[0])
