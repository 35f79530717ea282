"""DuckDB connection: nothing but the document of a command is on stdout, however long a query takes."""

from __future__ import annotations

from pathlib import Path

import ibis

from features.history import History
from features.storage.duckdb_connection import open_duckdb
from features.store.client import CustomerFeatures
from tests.logs import ingest_log

QUERY = "SELECT current_setting('enable_progress_bar')"


def test_a_long_query_draws_no_progress_bar(tmp_path: Path) -> None:
    ingest_log(tmp_path, "customer,at,amount\nann,2026-01-31,1\n")
    history = History.open(tmp_path / "history")
    assert open_duckdb().execute(QUERY).fetchall() == [(False,)]
    assert history.lines.get_backend().raw_sql(QUERY).fetchall() == [(False,)]


def test_nor_does_a_join_of_feast(tmp_path: Path) -> None:
    ibis.get_backend().raw_sql("SET enable_progress_bar=true")
    CustomerFeatures.open(tmp_path, (), 7)
    assert ibis.get_backend().raw_sql(QUERY).fetchall() == [(False,)]
