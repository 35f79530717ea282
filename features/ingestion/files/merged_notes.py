"""Merged notes: one note where several files of a source have the same one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from features.plausibility_note import PlausibilityNote


def merge_notes(notes: Iterable[PlausibilityNote]) -> tuple[PlausibilityNote, ...]:
    """The notes, of which those with the same code become the first one, with the counts of all."""
    by_code: dict[str, list[PlausibilityNote]] = {}
    for note in notes:
        by_code.setdefault(note.code, []).append(note)
    return tuple(
        first
        if not others
        else replace(first, found=_merged_text(first, len(others)), count=_total_count(first, others))
        for first, *others in by_code.values()
    )


def _merged_text(first: PlausibilityNote, others: int) -> str:
    return f"{first.found}; the same in {others:,} further {'file' if others == 1 else 'files'}"


def _total_count(first: PlausibilityNote, others: list[PlausibilityNote]) -> int:
    return first.count + sum(note.count for note in others)
