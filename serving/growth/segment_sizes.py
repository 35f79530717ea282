"""Segment sizes: how many customers of each preset segment could be approached on past nights; no id is in it.

The nightly job writes them, without the sizes of fewer customers than the smallest audience.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from features.storage.atomic_files import replace_text

SIZES_FILE = Path("growth") / "segment_sizes.jsonl"
MAX_NIGHTS = 400
WEEK = timedelta(days=7)
MAX_AGE = timedelta(days=28)  # an older night is no answer to how the sizes changed lately


@dataclass(frozen=True)
class SegmentSizes:
    """The sizes by segment on the day of a scores table; None for fewer customers than are told."""

    day: date
    sizes: Mapping[str, int | None]

    def to_json(self) -> str:
        """The line of the file."""
        return json.dumps({"day": self.day.isoformat(), "sizes": dict(self.sizes)})

    @classmethod
    def from_json(cls, line: str) -> SegmentSizes:
        """The sizes of a line.

        Raises:
            ValueError, KeyError, TypeError: the line is damaged.
        """
        payload = json.loads(line)
        sizes = {str(name): None if size is None else int(size) for name, size in dict(payload["sizes"]).items()}
        return cls(date.fromisoformat(payload["day"]), sizes)


def read_nights(home: Path) -> tuple[SegmentSizes, ...]:
    """The nights of a home, the oldest first; without lines that are damaged."""
    nights = []
    with suppress(OSError):
        for line in (home / SIZES_FILE).read_text(encoding="utf-8", errors="replace").splitlines():
            with suppress(ValueError, KeyError, TypeError):
                nights.append(SegmentSizes.from_json(line))
    return tuple(nights)


def record_night(home: Path, night: SegmentSizes) -> None:
    """Add a night, in the place of an earlier scoring of the same day; the file is replaced as a whole."""
    others = [each for each in read_nights(home) if each.day != night.day]
    nights = sorted([*others, night], key=lambda each: each.day)[-MAX_NIGHTS:]
    (home / SIZES_FILE).parent.mkdir(exist_ok=True)
    replace_text(home / SIZES_FILE, "".join(f"{each.to_json()}\n" for each in nights))


def sizes_a_week_before(nights: Sequence[SegmentSizes], day: date) -> SegmentSizes | None:
    """The newest night at least a week before a day, and at most four; None without one."""
    known = [night for night in nights if day - MAX_AGE <= night.day <= day - WEEK]
    return max(known, key=lambda night: night.day, default=None)


def first_comparison(nights: Sequence[SegmentSizes], day: date) -> date | None:
    """The first day that has a night a week before it, where ``day`` has none yet; None without a night."""
    recent = [night.day for night in nights if day - WEEK < night.day <= day]
    return min(recent) + WEEK if recent else None
