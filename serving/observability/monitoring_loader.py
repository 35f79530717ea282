"""Monitoring loader: a worker reads scorecards and drift, which the nightly job writes, beside the requests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from features.storage.file_identity import FileWatcher
from serving.observability.monitoring_gauges import MonitoringGauges
from serving.schemas.base import StrictModel
from serving.schemas.scorecards import DriftResponse, ScorecardResponse

SCORECARDS_FILE, DRIFT_FILE = "scorecards.json", "drift.json"

Content = TypeVar("Content", bound=BaseModel)


class StoredScorecards(StrictModel):
    """The contents of ``scorecards.json``, the oldest first."""

    as_of: date | None = None
    scorecards: Sequence[ScorecardResponse] = ()


class MonitoringLoader:
    """Follows the two files of a home; each request reads ``scorecards`` and ``drift`` once."""

    def __init__(self, home: Path, gauges: MonitoringGauges) -> None:
        self.scorecards = StoredScorecards()
        self.drift: DriftResponse | None = None
        self._scorecards_path, self._drift_path = home / SCORECARDS_FILE, home / DRIFT_FILE
        self._gauges = gauges
        self._watcher = FileWatcher()

    def poll(self) -> None:
        """Read the files that changed; a damaged one counts as none, until the nightly job writes it again."""
        changed = False
        if self._watcher.has_changed(self._scorecards_path):
            self.scorecards = _parse(self._scorecards_path, StoredScorecards) or StoredScorecards()
            changed = True
        if self._watcher.has_changed(self._drift_path):
            self.drift = _parse(self._drift_path, DriftResponse)
            changed = True
        if changed:
            self._gauges.record_scorecards(self.scorecards.scorecards)
            self._gauges.record_drift(self.drift)

    def drift_of(self, release: str) -> DriftResponse | None:
        """The drift since the training of a release; None where the last look was at another one."""
        return self.drift if self.drift is not None and self.drift.release == release else None


def _parse(path: Path, schema: type[Content]) -> Content | None:
    try:
        return schema.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None
