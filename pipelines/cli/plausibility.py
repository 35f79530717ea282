"""Plausibility of a log as a command shows it: a line of counts, and a block of notes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from features.plausibility.log_report import format_instant

if TYPE_CHECKING:
    from features.plausibility.log_summary import LogSummary
    from features.plausibility.silence import Silence
    from features.plausibility_note import PlausibilityNote


def note_lines(notes: Sequence[PlausibilityNote]) -> Iterator[str]:
    """A heading, and each note with its severity; nothing without a note."""
    if notes:
        yield "Plausibility of the log:"
    for note in notes:
        yield f"  {note.label}: {note.sentence}"
    blocking = [note.code for note in notes if note.blocks]
    if blocking:
        codes = ", ".join(f'"{code}"' for code in dict.fromkeys(blocking))
        yield f"  No release promotes itself until this is mended, or accepted in flywheel.toml: accept = [{codes}]"


def note_rows(notes: Sequence[PlausibilityNote]) -> list[dict[str, object]]:
    """The notes for ``--json``."""
    return [asdict(note) for note in notes]


def log_row(summary: LogSummary) -> Mapping[str, object]:
    """The size and the span of the log for ``--json``."""
    return {**asdict(summary), "log_until": format_instant(summary.log_until)}


def log_days(span: int, silence: Silence) -> str:
    """The days of log in words; an unusual silence at its end is counted apart.

    Args:
        span: days from the first order to the cutoff.
        silence: the silence at the end of the log.
    """
    if not silence.is_unusual:
        return f"{span:,} days of log"
    return f"{span - silence.days:,} days of log, then {silence.days:,} silent days"
