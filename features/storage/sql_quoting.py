"""SQL quoting: identifiers and literals as DuckDB reads them."""

from __future__ import annotations


def quote_identifier(column: str) -> str:
    """Return the name of a column in quotes."""
    return '"' + column.replace('"', '""') + '"'


def quote_literal(text: str) -> str:
    """Return a text as a string literal."""
    return "'" + text.replace("'", "''") + "'"
