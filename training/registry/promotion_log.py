"""Promotion log: one JSON line per change of the champion with user, time and reason, append-only and durable."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from features.storage.atomic_files import sync_folder


@dataclass(frozen=True, kw_only=True)
class Promotion:
    """One change of the champion."""

    version: str
    replaced: str | None  # the champion before; None for the first
    by: str
    at: datetime  # with its UTC offset
    why: str
    gate: Mapping[str, object]  # the measurements of the gate, as JSON values
    forced: bool = False  # promoted against the gate's decision
    kind: Literal["promotion", "rollback"] = "promotion"

    def __post_init__(self) -> None:
        """Reject a time without UTC offset."""
        if self.at.utcoffset() is None:
            raise ValueError(
                f"A promotion's time needs a UTC offset, got {self.at.isoformat()}. Use datetime.now(UTC)."
            )

    def to_line(self) -> str:
        """The promotion as one line of JSON; equal promotions give equal lines."""
        return json.dumps(asdict(self) | {"at": self.at.isoformat()}, sort_keys=True)

    @classmethod
    def parse(cls, line: str) -> Promotion:
        """Parse a line of ``to_line``."""
        payload = json.loads(line)
        return cls(**payload | {"at": datetime.fromisoformat(payload["at"])})


@dataclass(frozen=True)
class PromotionLog:
    """The file ``home/promotions.jsonl``, oldest first; a line that a crash tore or a disk damaged is ignored."""

    path: Path

    @classmethod
    def of_home(cls, home: Path) -> PromotionLog:
        """The promotion log of a home."""
        return cls(home / "promotions.jsonl")

    def read(self) -> list[Promotion]:
        """Every completed promotion; a damaged line is left out."""
        promotions = (_parse_if_valid(line) for line in self._lines())
        return [promotion for promotion in promotions if promotion is not None]

    def newest(self) -> Promotion | None:
        """The last completed promotion: the one of the release that serves; None without one."""
        promotions = self.read()
        return promotions[-1] if promotions else None

    def damaged_lines(self) -> int:
        """The number of lines that are no promotion, such as those that a failing disk wrote."""
        return len(self._lines()) - len(self.read())

    def contains(self, promotion: Promotion) -> bool:
        """Whether the promotion is completed."""
        return promotion.to_line() in self._lines()

    def append(self, promotion: Promotion) -> None:
        """Write the promotion to disk, unless it is already there."""
        if self.contains(promotion):
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as file:
            file.truncate(len(self._complete_lines()))
            file.write(f"{promotion.to_line()}\n".encode())
            file.flush()
            os.fsync(file.fileno())
        sync_folder(self.path.parent)

    def _lines(self) -> list[str]:
        return self._complete_lines().decode(errors="replace").splitlines()

    def _complete_lines(self) -> bytes:
        written = self.path.read_bytes() if self.path.exists() else b""
        return written[: written.rfind(b"\n") + 1]


def _parse_if_valid(line: str) -> Promotion | None:
    try:
        return Promotion.parse(line)
    except (ValueError, KeyError, TypeError):
        return None
