"""Ingestion: check the whole raw log, then write it as the canonical history in parquet, in UTC microseconds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import duckdb
import pyarrow as pa

from features.config.shop import ShopConfig
from features.ingestion.alias_file import ALIAS_FILE, write_aliases
from features.ingestion.canonical_functions import register_canonical_functions
from features.ingestion.canonical_rows import CheckedTable, canonical_rows_sql
from features.ingestion.canonical_schema import TABLE_NAMES
from features.ingestion.customer_ids import select_erased_ids
from features.ingestion.erased_texts import ErasedSelector, redact_examples
from features.ingestion.files.spill import spill_folder
from features.ingestion.labelled_rows import TextClassifier
from features.ingestion.manifest import MANIFEST_FILE, HistoryManifest, TableSummary
from features.ingestion.rejected_file import write_rejected_lines
from features.ingestion.rows.aliases import ALIAS_TABLE
from features.ingestion.source_digests import alias_digests, classifier_digests, combine_digests
from features.ingestion.table_checks import check_tables
from features.ingestion.table_writer import write_table
from features.plausibility_note import PlausibilityNote
from features.storage.duckdb_connection import open_duckdb
from features.storage.sql_quoting import quote_literal


def ingest(
    config: ShopConfig,
    folder: Path,
    report: Callable[[str], None] = lambda _: None,
    select_erased: ErasedSelector | None = None,
    classifier: TextClassifier | None = None,
) -> HistoryManifest:
    """Check the whole raw log, then write it to ``folder``, one parquet file per table.

    ``select_erased`` takes the customer ids of a table and returns the erased ones; their lines are left out. The
    ``classifier`` labels what customers wrote; only [feedback] needs one.

    Raises:
        InvalidLog: a column is missing or a value is unreadable; the text lists every fault, and nothing is written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with spill_folder(folder) as spill, closing(_connect(config, folder)) as connection:
        return _ingest_tables(connection, config, folder, spill, report, select_erased, classifier=classifier)


def read_rows(
    config: ShopConfig, name: str, folder: Path, report: Callable[[str], None], select_erased: ErasedSelector
) -> pa.Table:
    """Read one table of the raw log in canonical columns, without erased customers, and write nothing.

    ``folder`` is where unpacked copies of its files stand meanwhile.

    Raises:
        InvalidLog: a column is missing or a value is unreadable; the text lists every fault.
    """
    with spill_folder(folder) as spill, closing(_connect(config, folder)) as connection:
        [checked], _ = check_tables(connection, config, spill, report, (name,))
        if config.aliases is not None:
            select_erased = _follow_aliases(_alias_targets(connection), select_erased)
        _load_erased(connection, [checked], select_erased)
        rows = canonical_rows_sql(checked, has_aliases=config.aliases is not None)
        return connection.sql(rows).to_arrow_table()


def _alias_targets(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    return dict(connection.execute(f"SELECT old_id, new_id FROM {ALIAS_TABLE}").fetchall())


def _ingest_tables(  # noqa: PLR0913 -- those of ``ingest``, and what it opened
    connection: duckdb.DuckDBPyConnection,
    config: ShopConfig,
    folder: Path,
    spill: Path,
    report: Callable[[str], None],
    select_erased: ErasedSelector | None,
    *,
    classifier: TextClassifier | None,
) -> HistoryManifest:
    alias_digest = alias_digests(config)
    checked_tables, notes = check_tables(connection, config, spill, report)
    # After a kill half way the tables are incomplete, and an older manifest would mark them as complete.
    (folder / MANIFEST_FILE).unlink(missing_ok=True)
    if config.aliases is not None:
        # Before the tables: after a kill half way, an erasure under an old id still finds the new one.
        targets = _alias_targets(connection)
        write_aliases(folder, targets, select_erased)
        select_erased = None if select_erased is None else _follow_aliases(targets, select_erased)
    _load_erased(connection, checked_tables, select_erased)
    summaries, further_notes = _write_tables(connection, config, folder, report, checked_tables, classifier)
    rejected = {checked.table.name: checked.values.rejected for checked in checked_tables}
    write_rejected_lines(folder, rejected, select_erased)
    notes = [*notes, *further_notes]
    notes = notes if select_erased is None else redact_examples(notes, select_erased)
    digests = [*(checked.source for checked in checked_tables), *alias_digest, *classifier_digests(config, classifier)]
    manifest = HistoryManifest(config.fingerprint, combine_digests(digests), tuple(summaries), tuple(notes))
    manifest.write(folder)
    return manifest


def _write_tables(
    connection: duckdb.DuckDBPyConnection,
    config: ShopConfig,
    folder: Path,
    report: Callable[[str], None],
    checked_tables: Sequence[CheckedTable],
    classifier: TextClassifier | None,
) -> tuple[list[TableSummary], list[PlausibilityNote]]:
    """Write the tables of the history, and delete those that the log has no longer."""
    summaries, notes = list[TableSummary](), list[PlausibilityNote]()
    for checked in checked_tables:
        report(f"writing {checked.table.name}")
        summary, further_notes = write_table(
            connection, checked, folder, has_aliases=config.aliases is not None, classifier=classifier
        )
        summaries.append(summary)
        notes += further_notes
    for name in set(TABLE_NAMES) - {checked.table.name for checked in checked_tables}:
        (folder / f"{name}.parquet").unlink(missing_ok=True)
    if config.aliases is None:
        (folder / ALIAS_FILE).unlink(missing_ok=True)
    return summaries, notes


def _connect(config: ShopConfig, folder: Path) -> duckdb.DuckDBPyConnection:
    connection = open_duckdb()
    connection.execute(f"SET TimeZone={quote_literal(config.timezone)}")
    connection.execute(f"SET temp_directory={quote_literal(str(folder / 'spill'))}")
    connection.execute("SET preserve_insertion_order=false")
    register_canonical_functions(connection)
    return connection


def _load_erased(
    connection: duckdb.DuckDBPyConnection, checked_tables: Sequence[CheckedTable], select_erased: ErasedSelector | None
) -> None:
    """Create the temporary table of erased customers, whose lines are left out; any spelling of an id erases them."""
    connection.execute("CREATE TEMP TABLE erased (customer_id VARCHAR)")
    for checked in checked_tables:
        if select_erased is not None and checked.table.name != "costs":
            for customer_id in select_erased_ids(connection, checked.table, select_erased):
                connection.execute("INSERT INTO erased VALUES (?)", [customer_id])


def _follow_aliases(targets: Mapping[str, str], select_erased: ErasedSelector) -> ErasedSelector:
    """The selector that also returns the old ids of customers who are erased under the id that replaced them."""
    erased = set(select_erased({*targets.values()}))
    old_ids = {old_id for old_id, new_id in targets.items() if new_id in erased}

    def select(customer_ids: Iterable[str]) -> list[str]:
        distinct = {*customer_ids}
        return [*{*select_erased(distinct), *(distinct & old_ids)}]

    return select
