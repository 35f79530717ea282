"""Release history: what served when, who decided it and why, and what was refused; from files of the home alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from features.calendar import instant
from serving.releases.release_loader import POINTER
from serving.schemas.releases import MAX_RELEASE_EVENTS, GateResponse, ReleaseEvent, ReleasesResponse
from training.inference.release_errors import CorruptRelease
from training.inference.release_manifest import MANIFEST_FILE, ReleaseManifest
from training.registry.promotion_log import Promotion, PromotionLog
from training.registry.release_records import ReleaseRecord, ReleaseRecords

_NO_RECORD = ReleaseRecord()
_MAX_PARSED = 2 * MAX_RELEASE_EVENTS  # manifests of which the few fields below stay in memory


@dataclass(frozen=True)
class _ManifestSummary:
    """What a manifest contributes to the history."""

    as_of: datetime
    tiers: Mapping[str, str]
    gate: Mapping[str, Any]
    written_at: datetime


@dataclass(frozen=True)
class ReleaseHistory:
    """The history of the releases of a home."""

    home: Path

    def read(self) -> ReleasesResponse:
        """All events, the newest first; a release that nobody promoted or refused is one that waits."""
        promotions, records = PromotionLog.of_home(self.home).read(), ReleaseRecords.of_home(self.home).read()
        decided = {promotion.version for promotion in promotions}
        dated = [(promotion.at, self._promotion_event(promotion, records)) for promotion in promotions]
        dated += [
            (trained.written_at if event.at is None else event.at, event)
            for version, trained in self._summaries().items()
            if version not in decided
            for event in [self._undecided_event(version, trained, records.get(version, _NO_RECORD))]
        ]
        events = [event for _, event in sorted(dated, key=lambda pair: pair[0], reverse=True)]
        return ReleasesResponse(events=events[:MAX_RELEASE_EVENTS], left_out=max(len(events) - MAX_RELEASE_EVENTS, 0))

    def _promotion_event(self, promotion: Promotion, records: Mapping[str, ReleaseRecord]) -> ReleaseEvent:
        trained = self._summary(promotion.version)
        replaced = None if promotion.replaced is None else self._summary(promotion.replaced)
        return ReleaseEvent(
            kind=promotion.kind,
            version=promotion.version,
            serving=promotion.version == self._champion,
            trained_as_of=trained and trained.as_of,
            at=promotion.at,
            by=promotion.by,
            why=promotion.why,
            forced=promotion.forced,
            replaced=promotion.replaced,
            tiers=None if trained is None else dict(trained.tiers),
            replaced_tiers=None if replaced is None else dict(replaced.tiers),
            gate=_gate(promotion.gate or (trained.gate if trained is not None else {})),
            mlflow_run_id=records.get(promotion.version, _NO_RECORD).run_id,
        )

    def _undecided_event(self, version: str, trained: _ManifestSummary, record: ReleaseRecord) -> ReleaseEvent:
        refusal, champion = record.refusal, self._champion
        served = None if champion is None else self._summary(champion)
        return ReleaseEvent(
            kind="waiting" if refusal is None and trained.gate["passed"] else "refusal",
            version=version,
            serving=version == champion,
            trained_as_of=trained.as_of,
            at=None if refusal is None else datetime.fromisoformat(refusal.at),
            by=refusal and refusal.by,
            why=refusal and refusal.why,
            forced=False,
            replaced=None,
            tiers=dict(trained.tiers),
            replaced_tiers=None if served is None else dict(served.tiers),
            gate=_gate(trained.gate),
            mlflow_run_id=record.run_id,
        )

    def _summaries(self) -> dict[str, _ManifestSummary]:
        folders = sorted((self.home / "releases").glob(f"*/{MANIFEST_FILE}"))
        found = {path.parent.name: self._summary(path.parent.name) for path in folders}
        return {version: trained for version, trained in found.items() if trained is not None}

    def _summary(self, version: str) -> _ManifestSummary | None:
        folder = self.home / "releases" / version
        try:
            return _parse(folder, (folder / MANIFEST_FILE).stat().st_mtime_ns)
        except (OSError, CorruptRelease):
            return None

    @cached_property
    def _champion(self) -> str | None:
        try:
            return (self.home / "releases" / POINTER).read_text(encoding="utf-8").strip()
        except OSError:
            return None


@lru_cache(maxsize=_MAX_PARSED)
def _parse(folder: Path, modified_ns: int) -> _ManifestSummary:
    """The few fields of a manifest; raises CorruptRelease."""
    manifest = ReleaseManifest.read(folder)
    written_at = datetime.fromtimestamp(modified_ns / 1e9, UTC)
    return _ManifestSummary(instant(manifest.metadata.as_of), dict(manifest.tiers), asdict(manifest.gate), written_at)


def _gate(measured: Mapping[str, Any]) -> GateResponse | None:
    """The gate of a promotion; a rollback asks none, and an earlier version of Flywheel measured less."""
    if "passed" not in measured:
        return None
    return GateResponse(
        passed=measured["passed"],
        regressions=measured.get("regressions", []),
        refutations=measured.get("refutations", []),
        no_signal=measured.get("no_signal", []),
        implausible=measured.get("implausible", {}),
        reasons=measured.get("reasons", {}),
    )
