"""Notes on customer ids that only the raw log shows: words for nobody, merged spellings, floats and long ids."""

from __future__ import annotations

from collections import Counter

import duckdb

from features.canonical_form import USUAL_ID_CHARACTERS, canonical_id_sql, canonical_word
from features.config.sources import Source
from features.ingestion.canonical_schema import Table
from features.ingestion.customer_ids import spellings_table
from features.plausibility_note import PlausibilityNote
from features.wording import count_of, form_of

_MAX_LISTED = 5


def id_notes(connection: duckdb.DuckDBPyConnection, table: Table) -> list[PlausibilityNote]:
    """The notes on the ids of a table that ``resolve_ids`` returned."""
    if not isinstance(table.section, Source):
        return []
    notes = (
        _nobody_note(connection, table),
        _trimmed_note(connection, table) if table.id_form.has_unusual else None,
        _whole_floats_note(connection, table) if table.id_form.whole_floats else None,
        _long_note(connection, table),
    )
    return [note for note in notes if note is not None]


def _nobody_note(connection: duckdb.DuckDBPyConnection, table: Table) -> PlausibilityNote | None:
    """A note on the lines whose id is a word for nobody that flywheel.toml does not name."""
    named = {canonical_word(text) for text in table.section.anonymous} if isinstance(table.section, Source) else set()
    rows = connection.execute(f"SELECT spelling, lines FROM {spellings_table(table)} WHERE is_nobody").fetchall()
    lines = Counter({spelling: count for spelling, count in rows if canonical_word(spelling) not in named | {""}})
    if not lines:
        return None
    ranked = sorted(lines, key=lambda spelling: (-lines[spelling], spelling))
    listed = ", ".join(f"{spelling!r} in {lines[spelling]:,}" for spelling in ranked[:_MAX_LISTED])
    more = f" and {len(ranked) - _MAX_LISTED} more" if len(ranked) > _MAX_LISTED else ""
    return PlausibilityNote(
        code="ids_nobody",
        severity="warning",
        found=f"{count_of(lines.total(), 'line')} of [{table.name}] with a word for nobody as customer_id "
        f"{form_of(lines.total(), 'belongs', 'belong')} to no customer: {listed}{more}",
        expected="the id of a customer, or nothing",
        remedy=f"Name those that are customers in never_anonymous of [{table.name}], the others in anonymous",
        count=lines.total(),
        example=repr(ranked[0]),
    )


def _trimmed_note(connection: duckdb.DuckDBPyConnection, table: Table) -> PlausibilityNote | None:
    """A note on spellings of one id that differ by blanks, Unicode form or invisible characters only."""
    same = (
        f"SELECT list(spelling ORDER BY spelling) AS spellings FROM {spellings_table(table)} WHERE NOT is_nobody "
        f"GROUP BY {canonical_id_sql('spelling')} HAVING count(*) > 1"
    )
    ids, spellings = connection.execute(f"SELECT count(*), min(spellings) FROM ({same})").fetchall()[0]
    if not ids:
        return None
    return PlausibilityNote(
        code="ids_trimmed",
        severity="info",
        found=f"{count_of(ids, 'id')} of [{table.name}] {form_of(ids, 'is', 'are')} spelled in several ways that "
        "differ by blanks, Unicode form or invisible characters only; every id is one customer",
        expected="one spelling of each id",
        remedy="Nothing to do, unless these are different customers: then mend the ids in the log",
        count=ids,
        example=" and ".join(ascii(spelling) for spelling in spellings[:2]),
    )


def _whole_floats_note(connection: duckdb.DuckDBPyConnection, table: Table) -> PlausibilityNote:
    """A note on ids such as 61.0 in a table whose ids are all whole numbers."""
    query = f"FROM {spellings_table(table)} WHERE NOT is_nobody AND contains(spelling, '.')"
    ids, example = connection.execute(f"SELECT count(*), min(spelling) {query}").fetchall()[0]
    return PlausibilityNote(
        code="ids_whole_floats",
        severity="info",
        found=f"{count_of(ids, 'whole number')} of the ids of [{table.name}] {form_of(ids, 'is', 'are')} written with "
        f".0, and {form_of(ids, 'is', 'are')} read without it",
        expected="whole numbers without a fraction, as all other ids of the table",
        remedy="Nothing to do; to avoid it, write the column as text or as whole numbers",
        count=ids,
        example=repr(example),
    )


def _long_note(connection: duckdb.DuckDBPyConnection, table: Table) -> PlausibilityNote | None:
    """A note on ids so long that another column was probably meant."""
    query = f"FROM {spellings_table(table)} WHERE NOT is_nobody AND length(spelling) > {USUAL_ID_CHARACTERS}"
    ids, longest, example = connection.execute(
        f"SELECT count(*), max(length(spelling)), min(left(spelling, 40)) {query}"
    ).fetchall()[0]
    if not ids:
        return None
    return PlausibilityNote(
        code="ids_long",
        severity="warning",
        found=f"{count_of(ids, 'id')} of [{table.name}] {form_of(ids, 'has', 'have')} more than {USUAL_ID_CHARACTERS} "
        f"characters, up to {longest:,}",
        expected=f"ids of at most {USUAL_ID_CHARACTERS} characters",
        remedy="Check that customer_id names the right column; otherwise nothing to do, ids of any length are served",
        count=ids,
        example=f"{example!r}...",
    )
