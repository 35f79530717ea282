"""Erased texts: raw texts, such as examples of notes and rejected lines, that may name an erased customer."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from features.canonical_form import canonical_id
from features.plausibility_note import PlausibilityNote

ErasedSelector = Callable[[Iterable[str]], Sequence[str]]
"""A function that takes ids, in any spelling, and returns those of erased customers."""

_WORD = re.compile(r"[^\s,;|'\"()]+")
_MAX_WORDS = 8  # of an id with blanks or commas in it
_SEPARATORS = re.compile(r'[,;\t|"\n\r{}]+')


def redact_examples(notes: Iterable[PlausibilityNote], select_erased: ErasedSelector) -> list[PlausibilityNote]:
    """The notes, without the examples that name an erased customer."""
    return [
        replace(note, example="") if note.example and select_erased(_ids_in_sentence(note.example)) else note
        for note in notes
    ]


def ids_in_line(text: str) -> set[str]:
    """The values of a raw line that may be the id of a customer, in every spelling that an erasure may have."""
    try:
        cells = [cell for delimiter in ",;\t|" for row in csv.reader([text], delimiter=delimiter) for cell in row]
    except csv.Error:
        cells = []
    return _spellings([*cells, *_SEPARATORS.split(text)])


def _ids_in_sentence(text: str) -> set[str]:
    """Every run of words that may be the id of a customer, also where characters are escaped as ``repr`` does."""
    unescaped = text.encode("ascii", "backslashreplace").decode("unicode_escape", "replace")
    return _spellings(run for each in {text, unescaped} for run in _runs(each))


def _runs(text: str) -> Iterable[str]:
    words = list(_WORD.finditer(text))
    for first, word in enumerate(words):
        for last in words[first : first + _MAX_WORDS]:
            yield text[word.start() : last.end()]


def _spellings(texts: Iterable[str]) -> set[str]:
    distinct = {text.strip() for text in texts}
    return ({*distinct, *map(canonical_id, distinct), *(canonical_id(text, "fold") for text in distinct)}) - {""}
