"""Markdown table: rows of cells and numbers as the model card prints them."""

from __future__ import annotations

import math
from collections.abc import Sequence

NOT_MEASURED = "n/a"


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a table."""
    return [_cells(head), _cells(["---"] * len(head)), *(_cells(row) for row in rows)]


def format_number(value: float) -> str:
    """Three decimals below 100, else none; ``NOT_MEASURED`` for a number that is not finite."""
    return f"{value:,.3f}" if abs(value) < 100 else f"{value:,.0f}" if math.isfinite(value) else NOT_MEASURED


def _cells(row: Sequence[str]) -> str:
    return f"| {' | '.join(row)} |"
