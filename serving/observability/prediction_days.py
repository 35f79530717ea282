"""Prediction days: the days whose predictions the home keeps until their outcomes are known."""

from __future__ import annotations

from datetime import date
from pathlib import Path


def first_prediction_day(home: Path) -> date | None:
    """The first day with kept predictions, from the names of their files; None before the first scoring."""
    days = []
    for path in (home / "predictions").glob("*_*.parquet"):
        try:
            days.append(date.fromisoformat(path.name.partition("_")[0]))
        except ValueError:
            continue
    return min(days, default=None)
