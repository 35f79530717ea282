"""Release records: the run in MLflow of each trained release, and why it was refused, in ``home/release_records.json``.

The service reads them, which never asks MLflow.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from features.storage.atomic_files import replace_text


@dataclass(frozen=True)
class RefusedPromotion:
    """One refusal: a run, or the alias in MLflow, asked for the promotion of a release."""

    at: str  # ISO 8601, with its UTC offset
    by: str
    why: str


@dataclass(frozen=True)
class ReleaseRecord:
    """What is recorded of one release."""

    run_id: str | None = None
    refusal: RefusedPromotion | None = None  # the newest one


@dataclass(frozen=True)
class ReleaseRecords:
    """The records of a home; a damaged file counts as none, since the registry knows the same."""

    path: Path

    @classmethod
    def of_home(cls, home: Path) -> ReleaseRecords:
        """The release records of a home."""
        return cls(home / "release_records.json")

    def read(self) -> dict[str, ReleaseRecord]:
        """The record of each release, by version."""
        try:
            payload = json.loads(self.path.read_bytes())
            return {version: _parse(fields) for version, fields in payload.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}

    def record_run(self, version: str, run_id: str) -> None:
        """Record the run of a release; the caller has the write lock."""
        self._write(version, replace(self._record(version), run_id=run_id))

    def record_refusal(self, version: str, *, at: datetime, by: str, why: str) -> None:
        """Record why a release was not promoted; the same reason again changes nothing."""
        record = self._record(version)
        if record.refusal is None or record.refusal.why != why:
            self._write(version, replace(record, refusal=RefusedPromotion(at.isoformat(), by, why)))

    def _record(self, version: str) -> ReleaseRecord:
        return self.read().get(version, ReleaseRecord())

    def _write(self, version: str, record: ReleaseRecord) -> None:
        records = {**self.read(), version: record}
        replace_text(self.path, json.dumps({name: asdict(entry) for name, entry in records.items()}, indent=1))


def _parse(fields: dict[str, object]) -> ReleaseRecord:
    refusal, run_id = fields.get("refusal"), fields.get("run_id")
    return ReleaseRecord(
        run_id=None if run_id is None else str(run_id),
        refusal=RefusedPromotion(**refusal) if isinstance(refusal, dict) else None,
    )
