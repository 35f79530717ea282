"""Month names: names of months and halves of the day in other languages, and the SQL that turns them into English."""

from __future__ import annotations

from functools import cache

from babel import Locale

from features.storage.sql_quoting import quote_literal

_ENGLISH = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LOCALES = ("en", "de", "de_AT", "fr", "es", "it", "pt", "nl", "pl")
_UNLISTED = {"mrz": 3, "sept": 9}  # written by spreadsheets
_NO_LETTER = r"[^\p{L}]"
MORNING_PATTERN, AFTERNOON_PATTERN = r"AM|a\. ?m\.|上午|오전|午前", r"PM|p\. ?m\.|下午|오후|午後"


@cache
def months_by_name() -> dict[str, int]:
    """The months by their names and short names in small letters, without full stop."""
    names = dict(_UNLISTED)
    for locale in map(Locale.parse, _LOCALES):
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                names |= {name.lower().rstrip("."): month for month, name in locale.months[context][width].items()}
    return names


def english_sql(text: str) -> str:
    """SQL of a date with the short English names of months, and with AM and PM."""
    for month, english in enumerate(_ENGLISH, 1):
        names = sorted((name for name, number in months_by_name().items() if number == month), key=len, reverse=True)
        text = _replace_word_sql(text, "|".join(names), english)
    text = f"regexp_replace({text}, {quote_literal(f'(?i){MORNING_PATTERN}')}, 'AM')"
    return f"regexp_replace({text}, {quote_literal(f'(?i){AFTERNOON_PATTERN}')}, 'PM')"


def _replace_word_sql(text: str, pattern: str, word: str) -> str:
    whole_word = quote_literal(f"(?i)(^|{_NO_LETTER})(?:{pattern})({_NO_LETTER}|$)")
    return rf"regexp_replace({text}, {whole_word}, '\1{word}\2')"
