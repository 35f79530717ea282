"""Log report: the end of the log and the plausibility notes of the latest run, as JSON in the home."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path

from features.plausibility_note import PlausibilityNote, without_examples
from features.storage.atomic_files import replace_text

LOG_REPORT_FILE = "log_report.json"


@dataclass(frozen=True)
class LogReport:
    """The as-of day of a run, the instant of the last order line before it, and the notes without their examples."""

    as_of: date
    log_until: datetime  # UTC
    plausibility: tuple[PlausibilityNote, ...]

    def write(self, home: Path) -> None:
        """Write the report into the home, atomically; customer ids stay out of it."""
        payload = {
            "as_of": self.as_of.isoformat(),
            "log_until": format_instant(self.log_until),
            "plausibility": [asdict(note) for note in without_examples(self.plausibility)],
        }
        replace_text(home / LOG_REPORT_FILE, json.dumps(payload, indent=1))


def read_log_report(home: Path) -> LogReport | None:
    """The report in a home; None where no run has written one that this version can read."""
    try:
        payload = json.loads((home / LOG_REPORT_FILE).read_text(encoding="utf-8"))
        notes = tuple(PlausibilityNote(**note) for note in payload["plausibility"])
        until = datetime.fromisoformat(payload["log_until"])
        return LogReport(date.fromisoformat(payload["as_of"]), until, notes)
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def format_instant(instant: datetime) -> str:
    """An instant in UTC as ISO 8601 text with Z."""
    return instant.isoformat().replace("+00:00", "Z")
