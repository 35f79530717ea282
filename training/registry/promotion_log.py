"""Who put which release in front of customers, when and why: one JSON line each, never lost, never doubled."""

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
    gate: Mapping[str, object]  # what the gate measured, as JSON can hold it
    forced: bool = False  # the gate had refused
    kind: Literal["promotion", "rollback"] = "promotion"

    def __post_init__(self) -> None:
        """Refuse an instant that could be any of 24."""
        if self.at.utcoffset() is None:
            raise ValueError(
                f"A promotion's time needs a UTC offset, got {self.at.isoformat()}. Use datetime.now(UTC)."
            )

    def to_line(self) -> str:
        """The promotion as one line of JSON, the same for equal promotions."""
        return json.dumps(asdict(self) | {"at": self.at.isoformat()}, sort_keys=True)

    @classmethod
    def parse(cls, line: str) -> Promotion:
        """Read back what ``to_line`` wrote."""
        facts = json.loads(line)
        return cls(**facts | {"at": datetime.fromisoformat(facts["at"])})


@dataclass(frozen=True)
class PromotionLog:
    """``home/promotions.jsonl``, oldest first; a line torn by a crash counts as not written."""

    path: Path

    def read(self) -> list[Promotion]:
        """Every promotion that was completed."""
        return [Promotion.parse(line) for line in self._lines()]

    def contains(self, promotion: Promotion) -> bool:
        """Whether the promotion was completed."""
        return promotion.to_line() in self._lines()

    def append(self, promotion: Promotion) -> None:
        """Write the promotion to disk, unless it is there already."""
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
        return self._complete_lines().decode().splitlines()

    def _complete_lines(self) -> bytes:
        written = self.path.read_bytes() if self.path.exists() else b""
        return written[: written.rfind(b"\n") + 1]
