"""Readiness report: which models the log can train, and what it lacks for the others, as JSON in the home.

The command line writes it before a training, so that a service without a release can tell it. No id is in it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from features.storage.atomic_files import replace_text

READINESS_FILE = "readiness.json"


@dataclass(frozen=True)
class ModelReadiness:
    """Readiness of one model at one horizon; without a kind of shortage it can be trained."""

    model: str
    horizon_days: int
    customers: int
    shortage: Literal["log_days", "customers", "outcomes", "amounts"] | None = None
    needed: int = 0
    present: int = 0
    trainable_on: date | None = None


@dataclass(frozen=True)
class ReadinessReport:
    """The readiness of all models as of a day."""

    as_of: date
    models: tuple[ModelReadiness, ...]

    def write(self, home: Path) -> None:
        """Replace the report in the home."""
        replace_text(home / READINESS_FILE, json.dumps(asdict(self), indent=1, default=str))

    @classmethod
    def read(cls, home: Path) -> ReadinessReport | None:
        """Read the report of the home; None before the first, or where it is damaged."""
        try:
            return _report_type().validate_json((home / READINESS_FILE).read_bytes())
        except (OSError, ValidationError):
            return None


@cache
def _report_type() -> TypeAdapter[ReadinessReport]:
    return TypeAdapter(ReadinessReport)
