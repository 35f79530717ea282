"""DuckDB connection: without the progress bar, which DuckDB writes to stdout, where ``--json`` writes its document."""

from __future__ import annotations

import duckdb

NO_PROGRESS_BAR = "SET enable_progress_bar=false"


def open_duckdb() -> duckdb.DuckDBPyConnection:
    """A connection to a new database in memory."""
    connection = duckdb.connect()
    connection.execute(NO_PROGRESS_BAR)
    return connection
