"""Text form: what a classifier reads of a text, and the language that the text is in."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import Literal

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")

_BREAKS = re.compile(r"(?:[^\w!?\u2600-\u27bf\U0001f300-\U0001faff]|_)+")  # emoji say much
_DIGITS = re.compile(r"\d")
_WORDS = re.compile(r"[^\W\d_]+")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_KANA_AND_HANGUL = re.compile(r"[\u3040-\u30ff\uac00-\ud7af]")
# Function words that another language does not share; a text with more of its words than of English is not read.
_ENGLISH = """the and is was it this that of to my i with for not but very are have had be they you so at were has we
    your would when after all from just been will"""
_OTHERS = """der die das und nicht ist ein eine ich sehr mit auf war aber les des est une pas le la et je très pour avec
    que el los las muy es un una no por con para il di che non per sono molto het een niet de en ik zeer van met não
    muito é com uma os"""
_LATIN_OF_OTHERS = re.compile(r"[äöüßñãõçœæøåąęłśżźğış]")


def canonical_text(text: str) -> str:
    """The text as n-grams are taken from it: NFKC, lower case, digits as 0, punctuation but ! and ? as a blank."""
    folded = unicodedata.normalize("NFKC", text).lower()
    return _BREAKS.sub(" ", _DIGITS.sub("0", folded)).strip()


def language_of(text: str) -> Language | None:
    """The language of a text in canonical form, by its script and its function words; None if it is not read.

    A short text without a function word counts as English if its letters are plain.
    """
    words = _WORDS.findall(text)
    if _KANA_AND_HANGUL.search(text):
        return None
    han = len(_HAN.findall(text))
    latin = sum(len(word) for word in words if word.isascii())
    if han and 3 * han >= latin:  # a Chinese character says as much as a few letters
        return "zh"
    english, others = (_occurrences(words, listed) for listed in (_ENGLISH, _OTHERS))
    is_plain = latin > 0 and latin >= 0.9 * sum(map(len, words)) and not _LATIN_OF_OTHERS.search(text)
    return "en" if english > others or (is_plain and others == 0) else None


def _occurrences(words: list[str], listed: str) -> int:
    counts = Counter(words)
    return sum(counts[word] for word in set(listed.split()))
