"""Missing values: the texts that databases, spreadsheets and programs write where there is no value."""

from __future__ import annotations

from features.storage.sql_quoting import quote_literal

_WORDS = (
    "null", "na", "n/a", "#n/a", "nan", "none", "nil", "undefined", "\\n", "-", "--", "\u2013", "\u2014", "<na>",
    "(null)", "#null!",
)  # fmt: skip
# One list of all spellings is searched faster than each text is turned into small letters.
MISSING_WORDS = frozenset({"NaN"}.union(*({word, word.upper(), word.capitalize()} for word in _WORDS)))
"""Words for nothing, in the spellings that are met; outer blanks do not count."""

_WORD_LIST = ", ".join(map(quote_literal, ["", *sorted(MISSING_WORDS)]))


def missing_sql(text: str) -> str:
    """SQL of whether a text is null, blank or a word for nothing."""
    return f"coalesce(trim({text}) IN ({_WORD_LIST}), true)"
