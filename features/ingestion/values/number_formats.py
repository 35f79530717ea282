"""Number formats: the marks of numbers as people write them, in Python and as DuckDB SQL with the same readings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from features.ingestion.values.currency_signs import CURRENCY_PATTERN, UNDOTTED_CURRENCY_PATTERN
from features.storage.sql_quoting import quote_literal

# Full-width characters, Unicode minus signs, apostrophes and blanks; the marks of writing direction are left out.
_FROM = "０１２３４５６７８９．，％＋（）￥￡＄￠￦−–－‐‑﹣’‘´ʼ\u00a0\u2007\u2009\u202f\u3000\u200b\u200e\u200f\ufeff"
_INTO = "0123456789.,%+()¥£$¢₩------''''     "
_TRANSLATION = {ord(char): _INTO[index : index + 1] or None for index, char in enumerate(_FROM)}
_MATCHING_SIGNS = {"": 1, "+": 1, "-": -1, "()": -1}  # around one number; "(-" or "--" is no sign

_PLAIN_NUMBER = re.compile(r"(?i)[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[-+]?[0-9]{1,3})?")


@dataclass(frozen=True)
class NumberFormat:
    """The marks of a number; brackets for minus and signs of a currency may stand around it where it is not plain."""

    decimal: str = "."
    thousands: str = ""  # empty where there is none
    percent: bool = False  # every number but 0 is followed by %, and is divided by 100
    is_plain: bool = False

    @property
    def keys(self) -> str:
        """The keys of flywheel.toml that name this format."""
        return f'decimal = "{self.decimal}"' + (f', thousands = "{self.thousands}"' if self.thousands else "")


PLAIN = NumberFormat(is_plain=True)
"""Numbers as programs write them, such as -1234.5; they are read by a cast alone."""


def read_number(text: str, number_format: NumberFormat) -> Decimal | None:
    """The value of a text in a format, or None where it is no number in this format."""
    if number_format.is_plain:
        return Decimal(text.strip()) if _PLAIN_NUMBER.fullmatch(text.strip()) else None
    match = re.fullmatch(_pattern(number_format), clean_number(text))
    if match is None:
        return None
    sign = _MATCHING_SIGNS.get("".join(match[group] or "" for group in ("a", "b", "c", "d")))
    if sign is None:
        return None
    number = match["n"].replace(number_format.thousands, "").replace(number_format.decimal, ".")
    value = sign * Decimal(number)
    if number_format.percent:
        return value / 100 if match["p"] or value == 0 else None
    return None if match["p"] else value


def currency_sign(text: str) -> str:
    """The sign or code of a currency before or after a number; empty where there is none."""
    match = re.match(rf"(?i)[-+( ]*({CURRENCY_PATTERN})|.*?({CURRENCY_PATTERN})[-+)% ]*$", clean_number(text))
    return (match[1] or match[2]).lower() if match else ""


def clean_number(text: str) -> str:
    """A text with plain digits, signs and blanks."""
    return text.translate(_TRANSLATION).strip()


def clean_number_sql(text: str) -> str:
    """SQL of a text with plain digits, signs and blanks."""
    translated = f"translate({text}, {quote_literal(_FROM)}, {quote_literal(_INTO)})"
    # Most texts are ASCII, as their lengths in bytes and characters show, and need no translation.
    return f"trim(CASE WHEN strlen({text}) = length({text}) THEN {text} ELSE {translated} END)"


def number_format_sql(text: str, number_format: NumberFormat) -> str:
    """SQL of the value of a text in a format as a double; null where it is no number in this format."""
    if number_format.is_plain:
        # The cast of a bare column moves into DuckDB's reader of csv files, where it fails instead of giving null.
        return f"TRY_CAST(nullif({text}, '') AS DOUBLE)"
    exact = _exact_number_sql(text, number_format)
    if number_format.percent:
        return exact
    return f"coalesce({_common_number_sql(text, number_format)}, {exact})"


def _common_number_sql(text: str, number_format: NumberFormat) -> str:
    """SQL of the value of a number without brackets and trailing signs, ten times as fast as that of any number."""
    # All marks but the decimal one are dropped, so that the full stop of "Rs.500" must not stand before the number.
    before = UNDOTTED_CURRENCY_PATTERN if number_format.decimal == "." else CURRENCY_PATTERN
    number = f"{_whole_pattern(number_format)}(?:{re.escape(number_format.decimal)}[0-9]+)?"
    pattern = f"(?i)-?(?:{before})? *{number} *(?:{CURRENCY_PATTERN})?"
    digits = f"regexp_replace(trim({text}), '[^-0-9{number_format.decimal}]', '', 'g')"
    value = f"TRY_CAST(replace({digits}, {quote_literal(number_format.decimal)}, '.') AS DOUBLE)"
    return f"CASE WHEN regexp_full_match(trim({text}), {quote_literal(pattern)}) THEN {value} END"


def _exact_number_sql(text: str, number_format: NumberFormat) -> str:
    """SQL of the value of a number with any signs and brackets around it."""
    groups = "['a', 'b', 'n', 'c', 'd', 'p']"
    pattern = quote_literal(f"^{_pattern(number_format, named=False)}$")
    parts = f"regexp_extract({clean_number_sql(text)}, {pattern}, {groups})"
    digits = "part.n"
    if number_format.thousands:
        digits = f"replace({digits}, {quote_literal(number_format.thousands)}, '')"
    digits = f"TRY_CAST(replace({digits}, {quote_literal(number_format.decimal)}, '.') AS DOUBLE)"
    signs = "part.a || part.b || part.c || part.d"
    sign = f"CASE {signs} WHEN '' THEN 1 WHEN '+' THEN 1 WHEN '-' THEN -1 WHEN '()' THEN -1 END"
    if number_format.percent:
        value = f"CASE WHEN part.p = '%' OR {digits} = 0 THEN {sign} * {digits} / 100 END"
    else:
        value = f"CASE WHEN part.p = '' THEN {sign} * {digits} END"
    return f"list_transform([{parts}], lambda part: {value})[1]"


@lru_cache
def _pattern(number_format: NumberFormat, *, named: bool = True) -> str:
    """A regular expression with the groups a, b, c, d (signs and brackets), n (the number) and p (per cent)."""

    def group(letter: str, pattern: str) -> str:
        return f"(?P<{letter}>{pattern})" if named else f"({pattern})"

    currency = f"(?:{CURRENCY_PATTERN})?"
    before = f"{group('a', '[-+(]?')} *{currency} *{group('b', '[-+(]?')} *"
    after = rf" *{group('c', '[-)]?')} *{currency} *{group('d', '[-)]?')} *{group('p', '%?')}"
    return f"(?i){before}{group('n', _digits_pattern(number_format))}{after}"


def _digits_pattern(number_format: NumberFormat) -> str:
    """A regular expression for the digits and marks of a number."""
    decimal = re.escape(number_format.decimal)
    return rf"{_whole_pattern(number_format)}(?:{decimal}[0-9]+)?|{decimal}[0-9]+"


def _whole_pattern(number_format: NumberFormat) -> str:
    """A regular expression for the digits before the decimal mark."""
    thousands = re.escape(number_format.thousands)
    whole = "[0-9]+"
    if number_format.thousands:
        whole = rf"[1-9][0-9]{{0,2}}(?:{thousands}[0-9]{{3}})+|{whole}"
    if number_format.thousands == ",":  # lakh and crore: 12,34,567
        whole = rf"[1-9][0-9]?(?:,[0-9]{{2}})+,[0-9]{{3}}|{whole}"
    return f"(?:{whole})"
