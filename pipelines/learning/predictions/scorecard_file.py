"""Scorecard file: the realised scorecards of a home, ``scorecards.json``; no customer is in it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from features.storage.atomic_files import replace_text
from pipelines.home import Home
from pipelines.learning.predictions.prediction_snapshots import DAILY_DAYS

Record = Mapping[str, Any]


def read_scorecards(home: Home) -> list[dict[str, Any]]:
    """The records of a home, oldest first; none where the file is missing or damaged, as they are computed again."""
    try:
        records: list[dict[str, Any]] = json.loads(home.scorecards.read_bytes())["scorecards"]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return records


def write_scorecards(home: Home, records: Iterable[Record], as_of: date) -> None:
    """Replace the records of a home."""
    ordered = sorted(records, key=_order)
    replace_text(home.scorecards, json.dumps({"as_of": str(as_of), "scorecards": _weekly(ordered, as_of)}))


def key_of(record: Record) -> tuple[str, str, str, int]:
    """What a record is about: release, day, question and horizon."""
    return record["release"], record["day"], record["question"], record["horizon_days"]


def _order(record: Record) -> tuple[str, int, str, str, int]:
    release = record["release"]
    return record["day"], len(release), release, record["question"], record["horizon_days"]


def _weekly(records: Sequence[Record], as_of: date) -> list[Record]:
    """The records without those of further days of a week that matured long ago."""
    first_days: dict[tuple[str, str, int, int, int], str] = {}
    remaining = []
    for record in records:
        year, week, _ = date.fromisoformat(record["day"]).isocalendar()
        weekly = (record["release"], record["question"], record["horizon_days"], year, week)
        first = first_days.setdefault(weekly, record["day"])
        is_recent = date.fromisoformat(record["matured_on"]) >= as_of - timedelta(days=DAILY_DAYS)
        if is_recent or first == record["day"]:
            remaining.append(record)
    return remaining
