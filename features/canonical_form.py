"""Canonical form: one spelling for customer ids, and one for the words that name channels, purposes and event kinds.

An id is normalised to Unicode NFC, without outer blanks and without invisible characters, and else kept digit for
digit. A word is treated in the same way and is then compared without case. Two spellings with one canonical form are
one customer, or one channel.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

IdCase = Literal["keep", "fold"]
"""Whether ids that differ by case only are different customers, or the same."""

USUAL_ID_CHARACTERS = 256  # longer ids are usable everywhere, but most often the wrong column

# Default-ignorable code points of Unicode, controls that are no blanks, and the marks of interlinear annotation.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_BLANKS = (
    "\t\n\v\f\r \x85\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u2800\u3000"
)
# Visible characters of Latin, Cyrillic, kana, Han, Hangul and full width that NFC neither changes nor combines with
# each other. A text of these alone is canonical, and a regular expression finds that in less time than NFC takes.
_OTHER_SCRIPTS = "\u0410-\u044f\u3041-\u3096\u30a1-\u30fe\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uff01-\uff5e"
_STABLE = f"!-~\u00a1-\u00ac\u00ae-\u02ff{_OTHER_SCRIPTS}"
# The same without the letters whose folded form is not their lower case, such as \u00df.
_FOLDABLE = (
    "!-~\u00a1-\u00ac\u00ae-\u00b4\u00b6-\u00de\u00e0-\u012f\u0131-\u0148"
    f"\u014a-\u017e\u0180-\u01ef\u01f1-\u02ff{_OTHER_SCRIPTS}"
)
_PLAIN_TEXT: Mapping[IdCase, str] = {
    "keep": f"[{_STABLE}]+( +[{_STABLE}]+)*",
    "fold": f"[{_FOLDABLE}]+( +[{_FOLDABLE}]+)*",
}

WHOLE_NUMBER = "-?[0-9]+"
"""Regular expression of a whole number, such as 61."""

SQL_FUNCTIONS: Mapping[IdCase, str] = {"keep": "flywheel_canonical_id", "fold": "flywheel_folded_id"}
"""The names under which ``features.ingestion.canonical_functions`` registers ``canonical_id`` with DuckDB."""


def canonical_id(text: str, id_case: IdCase = "keep") -> str:
    """The canonical form of a customer id; empty where no character of the text is visible."""
    if text.isascii() and text.isprintable():
        trimmed = text.strip(" ")
        return trimmed.lower() if id_case == "fold" else trimmed
    visible = _INVISIBLE.sub("", text)
    if id_case == "fold":
        # Unicode's canonical caseless match decomposes first: the case of some letters is that of their parts.
        visible = unicodedata.normalize("NFD", visible).casefold()
    return unicodedata.normalize("NFC", visible).strip(_BLANKS)


@lru_cache(maxsize=4096)
def canonical_word(text: str) -> str:
    """The canonical form of a channel, a purpose, a kind of event or another word that is compared without case."""
    return canonical_id(text, "fold")


def canonical_id_sql(text_sql: str, id_case: IdCase = "keep") -> str:
    """SQL of the canonical form of an id, null where no character is visible.

    Only an unusual text is given to the Python function, which the connection needs to have.
    """
    as_is = text_sql if id_case == "keep" else f"lower({text_sql})"
    function = f"nullif({SQL_FUNCTIONS[id_case]}({text_sql}), '')"
    return f"CASE WHEN regexp_full_match({text_sql}, '{_PLAIN_TEXT[id_case]}') THEN {as_is} ELSE {function} END"


def canonical_word_sql(text_sql: str) -> str:
    """SQL of the canonical form of a word, null where no character is visible."""
    return canonical_id_sql(text_sql, "fold")


def is_canonical_sql(text_sql: str) -> str:
    """SQL of whether a text is plainly its own canonical form; false where only ``canonical_id`` can tell."""
    return f"regexp_full_match({text_sql}, '{_PLAIN_TEXT['keep']}')"


def whole_float(decimal_marks: str = ".") -> str:
    """Regular expression of a whole number that is written as a float, such as 61.0; its first group is the number."""
    return f"({WHOLE_NUMBER})[{decimal_marks}]0+"


def is_whole_number_sql(text_sql: str) -> str:
    """SQL of whether a text is a whole number, with or without ``.0``."""
    return f"regexp_full_match({text_sql}, '{WHOLE_NUMBER}|{whole_float()}')"


def without_point_zero_sql(text_sql: str) -> str:
    """SQL of a text that is the same for a whole number with and without ``.0``."""
    return rf"regexp_replace({text_sql}, '^{whole_float()}$', '\1')"
