"""Formula text: values such as ``="0017"``, which exports write so that a spreadsheet leaves them as they are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from features.plausibility_note import PlausibilityNote
from features.storage.sql_quoting import quote_identifier


def has_formula_text_sql(columns: Sequence[str]) -> str:
    """SQL of whether a row has such a value; a comparison costs half of what a function does."""
    return f"({' OR '.join(map(_is_formula_text_sql, columns))})"


def formula_text_columns_sql(columns: Sequence[str]) -> str:
    """SQL of the columns with the text within the formula."""
    return ", ".join(
        f"CASE WHEN {_is_formula_text_sql(column)} AND ends_with({name}, '\"') AND length({name}) > 2 "
        f"THEN nullif(substring({name}, 3, length({name}) - 3), '') ELSE {name} END AS {name}"
        for column in columns
        if (name := quote_identifier(column))
    )


def formula_text_note(file: Path, count: int) -> PlausibilityNote:
    """The note on values that were formulas."""
    return PlausibilityNote(
        "formula_text",
        "info",
        f"{file.name}: values written as formulas are read as the text within, in {count:,} rows",
        "values without a formula",
        "Do nothing if this is an export for spreadsheets",
        count,
        '="0017" read as 0017',
    )


def _is_formula_text_sql(column: str) -> str:
    name = quote_identifier(column)
    return f"({name} >= '=\"' AND {name} < '=#')"
