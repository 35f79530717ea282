"""Missing values: the texts that databases, spreadsheets and programs write where there is no value."""

from __future__ import annotations

from features.storage.sql_quoting import quote_literal

MISSING_WORDS = (
    "null", "na", "n/a", "#n/a", "nan", "none", "nil", "undefined", "\\n", "-", "--", "\u2013", "\u2014", "<na>",
    "(null)", "#null!",
)  # fmt: skip
"""Words for nothing in small letters; case and outer blanks do not count."""

_MAX_LENGTH = max(map(len, MISSING_WORDS))
_WORD_LIST = ", ".join(map(quote_literal, MISSING_WORDS))


def is_missing(text: str) -> bool:
    """Whether a text is blank or a word for nothing."""
    return text.strip().lower() in ("", *MISSING_WORDS)


def missing_sql(text: str) -> str:
    """SQL of whether a text is null, blank or a word for nothing."""
    # Most texts are longer than any of the words, and their length is known without reading them.
    short = f"strlen(trim({text})) <= {_MAX_LENGTH}"
    return f"({text} IS NULL OR ({short} AND (trim({text}) = '' OR lower(trim({text})) IN ({_WORD_LIST}))))"
