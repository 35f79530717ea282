"""Plausibility note: one thing about a log that may make answers wrong, with its remedy."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Literal

Severity = Literal["info", "warning", "blocking"]
SEVERITIES: tuple[Severity, ...] = ("blocking", "warning", "info")  # in the order in which notes are shown


@dataclass(frozen=True)
class PlausibilityNote:
    """What was found in a log, what was expected, and what to do.

    A blocking note keeps a release from promoting itself until ``accept`` in flywheel.toml names its code.
    """

    code: str  # stable, with underscores, such as ``dates_outlying``
    severity: Severity
    found: str  # a sentence without its full stop, as are the next two; it names no customer
    expected: str
    remedy: str
    count: int  # lines, ids or orders, as ``found`` says
    example: str = ""  # may be the id of a customer
    accepted: bool = False  # whether the shop's ``accept`` names the code

    @property
    def sentence(self) -> str:
        """The note as one line of text."""
        example = f" (for example {self.example})" if self.example else ""
        return f"{self.found}{example}. Expected {self.expected}. {self.remedy}."

    @property
    def blocks(self) -> bool:
        """Whether the note keeps a release from promoting itself."""
        return self.severity == "blocking" and not self.accepted

    @property
    def label(self) -> str:
        """The severity and the code, as shown before the sentence."""
        return f"{self.severity}{', accepted' if self.accepted else ''}: {self.code}"


def arrange_notes(notes: Iterable[PlausibilityNote], accept: Collection[str] = ()) -> tuple[PlausibilityNote, ...]:
    """The notes without repetitions, the blocking ones first, those that the shop accepts marked as accepted."""
    marked = (replace(note, accepted=note.code in accept) for note in notes)
    return tuple(sorted(dict.fromkeys(marked), key=lambda note: SEVERITIES.index(note.severity)))


def without_examples(notes: Iterable[PlausibilityNote]) -> tuple[PlausibilityNote, ...]:
    """The notes as they may be stored: erasing a customer does not reach into what was written before."""
    return tuple(replace(note, example="") for note in notes)
