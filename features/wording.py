"""Wording: counts as the notes write them."""

from __future__ import annotations


def count_of(count: int, noun: str) -> str:
    """A count with its noun, such as ``1 order line`` and ``1,200 order lines``."""
    return f"1 {noun}" if count == 1 else f"{count:,} {noun}s"


def form_of(count: int, one: str, several: str) -> str:
    """The form of a word that agrees with a count, such as ``is`` and ``are``."""
    return one if count == 1 else several


def lines_are(count: int) -> str:
    """A count of order lines with its verb."""
    return f"{count_of(count, 'order line')} {form_of(count, 'is', 'are')}"
