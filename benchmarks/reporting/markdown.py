"""Markdown: tables, numbers and sections of a page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Format a Markdown table."""
    return "\n".join(f"| {' | '.join(row)} |" for row in (header, ["---"] * len(header), *rows))


def format_number(value: float | None) -> str:
    """Format with four decimals below 1 and fewer above; empty without a figure."""
    if value is None:
        return ""
    if not math.isfinite(value):
        return "n/a"
    decimals = 4 if abs(value) < 1 else 2 if abs(value) < 100 else 1
    return f"{value:,.{decimals}f}"


def format_met(answer: bool | None) -> str:  # noqa: FBT001 -- formats the value itself
    """Format whether a target is met; empty without a target."""
    return "" if answer is None else "yes" if answer else "**no**"


def replace_section(path: Path, title: str, text: str) -> None:
    """Replace the level-two section with this title, or append it."""
    page = path.read_text() if path.is_file() else ""
    old = section(path, title)
    path.write_text(page.replace(old, text) if old else f"{page.rstrip()}\n\n{text}\n".lstrip())


def section(path: Path, title: str) -> str:
    """Return the section with this title from the page; empty if there is none."""
    page = path.read_text() if path.is_file() else ""
    _, heading, rest = f"\n{page}".partition(f"\n## {title}\n")
    body = rest.partition("\n## ")[0]
    return f"## {title}\n{body.rstrip()}" if heading else ""
