"""Plausibility note: one thing about a log that may make answers wrong, with its remedy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["info", "warning", "blocking"]


@dataclass(frozen=True)
class PlausibilityNote:
    """What was found in a log, what was expected, and what to do.

    A blocking note keeps a release from promoting itself until ``accept`` in flywheel.toml names its code.
    """

    code: str  # stable, with underscores, such as ``dates_outlying``
    severity: Severity
    found: str  # a sentence without its full stop, as are the next two
    expected: str
    remedy: str
    count: int  # lines, ids or orders, as ``found`` says
    example: str = ""

    @property
    def sentence(self) -> str:
        """The note as one line of text."""
        example = f" (for example {self.example})" if self.example else ""
        return f"{self.found}{example}. Expected {self.expected}. {self.remedy}."
