"""Tables and figures in Markdown."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Pipes and dashes."""
    return "\n".join(f"| {' | '.join(row)} |" for row in (header, ["---"] * len(header), *rows))


def format_number(value: float | None) -> str:
    """Four decimals below 1, and fewer above; nothing where there is no figure."""
    if value is None:
        return ""
    if not math.isfinite(value):
        return "n/a"
    decimals = 4 if abs(value) < 1 else 2 if abs(value) < 100 else 1
    return f"{value:,.{decimals}f}"


def format_met(answer: bool | None) -> str:  # noqa: FBT001 -- the word for it
    """Whether a bar is met; nothing where none was set."""
    return "" if answer is None else "yes" if answer else "**no**"


def replace_section(path: Path, title: str, text: str) -> None:
    """Put a section of level two, heading included, in the place of the one of that title, or at the end."""
    page = path.read_text() if path.is_file() else ""
    old = section(path, title)
    path.write_text(page.replace(old, text) if old else f"{page.rstrip()}\n\n{text}\n".lstrip())


def section(path: Path, title: str) -> str:
    """The section of that title as it stands in the page, empty where there is none."""
    page = path.read_text() if path.is_file() else ""
    _, found, rest = f"\n{page}".partition(f"\n## {title}\n")
    body = rest.partition("\n## ")[0]
    return f"## {title}\n{body.rstrip()}" if found else ""
