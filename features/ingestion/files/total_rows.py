"""Total rows: the sums that spreadsheets and reports write below a table, which are no lines of a log."""

from __future__ import annotations

import re
from collections.abc import Sequence

from features.ingestion.files.read_options import ReadOptions
from features.storage.sql_quoting import quote_identifier, quote_literal

# English, German, French, Spanish, Portuguese, Italian, Dutch, Nordic, Finnish, Polish, Czech, Hungarian, Turkish,
# Russian, Japanese, Chinese, Korean.
_WORDS = (
    "totals?", "grand totals?", "sub[ -]?totals?", "sum", "sums",
    "summe", "summen", "gesamt", "gesamtsumme", "endsumme",
    "zwischensumme",
    "insgesamt", "somme", "sous-total", "total g[eé]n[eé]ral", "totaux", "suma", "suma total", "soma", "somma",
    "totale", "totale generale", "totaal", "som", "summa", "totalt", "i alt", "yhteensä", "razem", "ogółem", "celkem",
    "součet", "összesen", "toplam", "genel toplam", "итого", "всего", "合計", "総計", "小計",
    "合计", "总计", "共计", "小计",
    "总额", "總計", "합계", "총계", "소계",
)  # fmt: skip
_BEGINNINGS = sorted({word[:2] for word in _WORDS})
_PATTERN = rf"\s*({'|'.join(_WORDS)})(\s*[:：(（;|].*|\s.*)?"  # noqa: RUF001 -- full-width marks are meant
_TOTAL = re.compile(_PATTERN, re.IGNORECASE | re.DOTALL)


def is_total(cells: Sequence[str]) -> bool:
    """Whether the first filled cell of a record is a word for a total."""
    first = next((cell for cell in cells if cell.strip()), "")
    return _TOTAL.fullmatch(first) is not None


def total_row_sql(columns: Sequence[str], options: ReadOptions) -> str:
    """SQL of whether a row is a total: a word for it in the first filled cell, and no customer or no time."""
    groups = _identifying_columns(columns, options)
    if not groups:
        return "false"
    lacks_one = " OR ".join(" AND ".join(map(_is_blank_sql, group)) for group in groups)
    is_word = f"regexp_full_match({first_filled_sql(columns)}, {quote_literal(_PATTERN)}, 'is')"
    return f"({may_be_total_sql(columns, options)} AND ({lacks_one}) AND {is_word})"


def may_be_total_sql(columns: Sequence[str], options: ReadOptions) -> str:
    """SQL that is false for almost all rows that are no totals, and cheap: it has no regular expression to compile."""
    groups = _identifying_columns(columns, options)
    if not groups:
        return "false"
    may_lack_one = " OR ".join(" AND ".join(map(_may_be_blank_sql, group)) for group in groups)
    beginnings = ", ".join(map(quote_literal, _BEGINNINGS))
    begins_like_one = f"lower(left(ltrim({first_filled_sql(columns)}), 2)) IN ({beginnings})"
    # Only CASE keeps DuckDB from trimming the values of every row.
    return f"(CASE WHEN {may_lack_one} THEN {begins_like_one} ELSE false END)"


def first_filled_sql(columns: Sequence[str]) -> str:
    """SQL of the first value of a row that is not blank."""
    return f"coalesce({', '.join(_filled_sql(column) for column in columns)}, '')"


def _identifying_columns(columns: Sequence[str], options: ReadOptions) -> list[list[str]]:
    groups = [[column for column in columns if column in group] for group in options.identifying]
    return [group for group in groups if group]


def _may_be_blank_sql(column: str) -> str:
    """SQL that is false for almost all values that are not blank, at the cost of a comparison."""
    return f"coalesce({quote_identifier(column)}, '') < '0'"


def _is_blank_sql(column: str) -> str:
    """SQL of whether a value has neither letter nor digit, such as a dash."""
    return f"NOT regexp_matches(coalesce({quote_identifier(column)}, ''), '[\\pL\\pN]')"


def _filled_sql(column: str) -> str:
    return f"nullif(trim({quote_identifier(column)}), '')"
