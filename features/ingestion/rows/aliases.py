"""Aliases: old customer ids, each with the id that replaces it, followed to the end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import duckdb
import pyarrow as pa

from features.canonical_form import IdCase, canonical_id_sql
from features.config.sources import Aliases
from features.errors import InvalidLog
from features.ingestion.raw_text import column_text_sql
from features.ingestion.rows.missing_columns import unknown_column
from features.ingestion.rows.row_view import Opener
from features.plausibility_note import PlausibilityNote

ALIAS_TABLE = "aliases"
MAX_LISTED = 5


def load_aliases(
    connection: duckdb.DuckDBPyConnection, open_view: Opener, aliases: Aliases, id_case: IdCase = "keep"
) -> int:
    """Write the temporary table ``aliases`` (old_id, new_id) of canonical ids; return the number of old ids.

    Raises:
        InvalidLog: a column is missing, an old id has two new ones, or ids replace each other in a circle.
    """
    named = (aliases.from_, aliases.to)
    opened = open_view("files_aliases", aliases.path, sheet=aliases.sheet, encoding=aliases.encoding, columns=named)
    faults = [
        unknown_column(f"{key} = {column!r}", column, list(opened.column_types))
        for key, column in (("from", aliases.from_), ("to", aliases.to))
        if column not in opened.column_types
    ]
    if faults:
        raise InvalidLog("\n".join(faults))
    old, new = (
        canonical_id_sql(f"({column_text_sql(name, opened.column_types[name])})", id_case)
        for name in (aliases.from_, aliases.to)
    )
    pairs = connection.execute(
        f"SELECT DISTINCT {old} AS old, {new} AS new FROM files_aliases WHERE {old} IS NOT NULL OR {new} IS NOT NULL"
    ).fetchall()
    targets = follow_aliases(_single_targets(pairs))
    table = pa.table(
        {"old_id": pa.array(targets.keys(), pa.string()), "new_id": pa.array(targets.values(), pa.string())}
    )
    connection.register("aliases_arrow", table)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {ALIAS_TABLE} AS SELECT * FROM aliases_arrow")
    connection.unregister("aliases_arrow")
    return len(targets)


def follow_aliases(targets: Mapping[str, str]) -> dict[str, str]:
    """The last id of every chain of replacements.

    Raises:
        InvalidLog: ids replace each other in a circle; the text names them.
    """
    last: dict[str, str] = {}
    for old in targets:
        chain = [old]
        while chain[-1] in targets and chain[-1] not in last:
            following = targets[chain[-1]]
            if following in chain:
                circle = [*chain[chain.index(following) :], following]
                raise InvalidLog(
                    f"The ids {' -> '.join(map(repr, circle[: MAX_LISTED + 1]))} replace each other. Expected one of "
                    "them to stay: remove the line that replaces it."
                )
            chain.append(following)
        end = last.get(chain[-1], chain[-1])
        last.update((each, end) for each in chain if each != end)
    return last


def unused_note(connection: duckdb.DuckDBPyConnection, rows: str, customer_id: str) -> list[PlausibilityNote]:
    """A note where none of the old ids is in the log: the columns may be swapped, or the ids written otherwise.

    Args:
        connection: with the table of aliases.
        rows: the name of a table or view with the customers of the orders.
        customer_id: SQL of the customer of a line.
    """
    old = f"SELECT old_id FROM {ALIAS_TABLE}"
    aliases, example = connection.execute(f"SELECT count(*), min(old_id) FROM {ALIAS_TABLE}").fetchall()[0]
    used = connection.execute(f"SELECT count(*) FROM {rows} WHERE {customer_id} IN ({old})").fetchall()[0][0]
    if used or not aliases:
        return []
    return [
        PlausibilityNote(
            code="aliases_unused",
            severity="warning",
            found=f"[aliases] none of {aliases:,} old ids is in the orders",
            expected="ids that customers had before",
            remedy="Check that from names the old id and to the new one, and that both are written as in the orders",
            count=aliases,
            example=repr(example),
        )
    ]


def mapped_sql(customer_id: str) -> str:
    """SQL of the id that replaces a customer's, for lines that are joined to the table of aliases."""
    return f"coalesce({ALIAS_TABLE}.new_id, {customer_id})"


def _single_targets(pairs: Iterable[tuple[str | None, str | None]]) -> dict[str, str]:
    targets: dict[str, str] = {}
    for old, new in sorted((old or "", new or "") for old, new in pairs):
        if not old or not new:
            raise InvalidLog(
                f"A line has {old or '(empty)'!r} in from and {new or '(empty)'!r} in to. Expected two ids: fill it, "
                "or remove the line."
            )
        if old == new:
            continue
        if targets.setdefault(old, new) != new:
            raise InvalidLog(
                f"{old!r} is replaced by {targets[old]!r} and by {new!r}. Expected one id: remove one of the lines."
            )
    return targets
