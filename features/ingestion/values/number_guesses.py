"""Number guesses: the formats in which a column of texts can be read as numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from features.ingestion.values.number_formats import PLAIN, NumberFormat, read_number

MAX_COUNTEREVIDENCE = 0.05  # of the texts that two formats read differently

CANDIDATES = (
    PLAIN,
    *(
        NumberFormat(decimal, thousands, percent)
        for percent in (False, True)
        for thousands in ("", ",", ".", " ", "'")
        for decimal in (".", ",")
        if thousands != decimal
    ),
)
"""The known formats, the simplest first."""


@dataclass(frozen=True)
class NumberGuess:
    """A format in which most texts of a column can be read."""

    number_format: NumberFormat
    unreadable: int  # texts
    example: str  # a text that another guess reads differently; empty where there is no other


def rank_number_formats(
    counts: Mapping[str, int], candidates: Sequence[NumberFormat] = CANDIDATES
) -> list[NumberGuess]:
    """The format that reads most texts, and after it those that read nearly as many of them and read them differently.

    ``counts`` has the number of lines by text. An alternative stays where at most 5 % as many texts speak against it as
    are read differently, because a few faulty lines must not settle what thousands of others mean.
    """
    readings = {candidate: {text: read_number(text, candidate) for text in counts} for candidate in candidates}
    unreadable = {
        candidate: sum(counts[text] for text, value in values.items() if value is None)
        for candidate, values in readings.items()
    }
    best = min(candidates, key=lambda candidate: unreadable[candidate])
    if unreadable[best] == sum(counts.values()):
        return []
    guesses = [NumberGuess(best, unreadable[best], "")]
    for candidate in candidates:
        contrary = _contrary_texts(readings[best], readings[candidate])
        weight = sum(counts[text] for text in contrary)
        excess = unreadable[candidate] - unreadable[best]
        known = any(readings[guess.number_format] == readings[candidate] for guess in guesses)
        if weight and not known and excess <= MAX_COUNTEREVIDENCE * weight:
            example = max(contrary, key=lambda text: counts[text])
            guesses.append(NumberGuess(candidate, unreadable[candidate], example))
    return guesses


def _contrary_texts(best: Mapping[str, Decimal | None], other: Mapping[str, Decimal | None]) -> list[str]:
    """The texts that both formats read, as different numbers."""
    return [
        text for text, value in best.items() if value is not None and other[text] is not None and other[text] != value
    ]
