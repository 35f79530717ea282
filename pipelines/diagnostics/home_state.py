"""Home state: what the files of a home say about log, features, releases, scores and audiences, read in a moment."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from features.errors import FlywheelError
from features.ingestion.manifest import HistoryManifest, read_manifest
from features.plausibility.log_report import LogReport, read_log_report
from pipelines import environment
from pipelines.home import Home
from training.inference.release_errors import CorruptRelease
from training.inference.release_manifest import ReleaseManifest
from training.registry.champion_alias import read_champion_alias
from training.registry.promotion_history import bar_sentence, barred_releases
from training.registry.promotion_log import Promotion, PromotionLog

UNREADABLE = (OSError, ValueError, KeyError, TypeError, pa.ArrowException)


@dataclass(frozen=True)
class ScoresState:
    """Size, release and instant of the scores table."""

    customers: int
    release: str
    as_of: datetime


@dataclass(frozen=True)
class HomeState:
    """The state of a home; each part is read at its first use, and None where its file is missing or unreadable."""

    home: Home

    @cached_property
    def manifest(self) -> HistoryManifest | None:
        """What the last ingestion read and wrote."""
        try:
            return read_manifest(self.home.history)
        except UNREADABLE:
            return None

    @cached_property
    def log_read_at(self) -> float | None:
        """When the log was read, in seconds since 1970."""
        path = self.home.history / "manifest.json"
        return path.stat().st_mtime if path.is_file() else None

    @cached_property
    def last_order_at(self) -> datetime | None:
        """The instant of the last order line of the history, which may lie after the day of the features."""
        try:
            metadata = pq.read_metadata(self.home.history / "orders.parquet")
            column = metadata.schema.names.index("ordered_at")
            groups = (metadata.row_group(group).column(column) for group in range(metadata.num_row_groups))
            return max((group.statistics.max for group in groups if group.statistics.has_min_max), default=None)
        except UNREADABLE:
            return None

    @cached_property
    def log_report(self) -> LogReport | None:
        """The end of the log and the plausibility notes, as of the last run."""
        return read_log_report(self.home.folder)

    @cached_property
    def features_as_of(self) -> date | None:
        """The day that the published features were computed for."""
        try:
            return date.fromisoformat(json.loads(self.home.publication.read_text())["as_of"])
        except UNREADABLE:
            return None

    @cached_property
    def champion(self) -> ReleaseManifest | None:
        """The manifest of the serving release; None where it cannot be read, and where none serves."""
        return self._champion[0]

    def release(self, version: str | None) -> ReleaseManifest | None:
        """The manifest of a release."""
        try:
            return None if version is None else ReleaseManifest.read(self.home.releases / version)
        except CorruptRelease:
            return None

    @cached_property
    def champion_fault(self) -> str | None:
        """Why the serving release cannot be read; None where it can, and where none serves."""
        return self._champion[1]

    @cached_property
    def _champion(self) -> tuple[ReleaseManifest | None, str | None]:
        """The manifest of the serving release, and why it cannot be read."""
        version = self.home.champion()
        try:
            return None if version is None else ReleaseManifest.read(self.home.releases / version), None
        except CorruptRelease as error:
            return None, str(error)

    @cached_property
    def promotions(self) -> Sequence[Promotion]:
        """Every change of the champion, oldest first."""
        try:
            return PromotionLog.of_home(self.home.folder).read()
        except UNREADABLE:
            return ()

    @property
    def promotion(self) -> Promotion | None:
        """The newest change of the champion."""
        return self.promotions[-1] if self.promotions else None

    @property
    def barred_releases(self) -> dict[str, str]:
        """The releases that were rolled back and not promoted since: version -> by whom, when and why."""
        return {version: bar_sentence(rollback) for version, rollback in barred_releases(self.promotions).items()}

    @cached_property
    def champion_alias(self) -> str | None:
        """The release that MLflow calls the champion; None where its store is elsewhere or does not answer."""
        try:
            return None if environment.MLFLOW_TRACKING_URI.value else read_champion_alias(self.home.folder)
        except sqlite3.Error:
            return None

    @cached_property
    def newest_release(self) -> str | None:
        """The version that was trained last."""
        try:
            trained = json.loads((self.home.folder / "trained.json").read_text())
            return max(trained.values(), key=int, default=None)
        except UNREADABLE:
            return None

    @cached_property
    def scores(self) -> ScoresState | None:
        """The scores table."""
        try:
            file = pq.ParquetFile(self.home.scores)
            row = file.read_row_group(0, columns=["release", "as_of"]).slice(0, 1).to_pylist()[0]
            return ScoresState(file.metadata.num_rows, row["release"], row["as_of"])
        except (*UNREADABLE, FlywheelError, IndexError):
            return None

    @cached_property
    def audiences(self) -> int:
        """The number of stored audiences."""
        return sum(path.parent.name[:1] != "." for path in self._folder("audiences").glob("*/metadata.json"))

    def _folder(self, name: str) -> Path:
        return self.home.folder / name
