"""Columns step: describes the columns of the scores table, with their values where there is a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase

import pyarrow.parquet as pq

from features.config.shop import ShopConfig
from features.errors import NotFound
from pipelines.home import Home
from pipelines.scoring.column_catalogue import ColumnGroups, column_groups, describe_schema
from pipelines.scoring.column_values import ColumnValues, column_values
from serving.audiences.query.scores_table import open_scores
from training.inference.answers.answer import Horizons
from training.inference.release_errors import CorruptRelease
from training.inference.release_manifest import ReleaseManifest
from training.segments.column import ColumnSpec

DEFAULT_HORIZONS = Horizons(churn_days=90, ltv_days=(30, 90, 365))


@dataclass(frozen=True)
class DescribedColumn:
    """One column: its group, name, type and meaning, and its values where there is a scores table."""

    group: str
    spec: ColumnSpec
    values: ColumnValues | None


@dataclass(frozen=True)
class ColumnCatalogue:
    """The described columns in the order of the table, and the number of customers; None without a table."""

    columns: Sequence[DescribedColumn]
    customers: int | None


def run(home: Home, config: ShopConfig | None, patterns: Sequence[str] = ()) -> ColumnCatalogue:
    """Describe the columns whose names match one of the patterns, such as ``ltv_*``; without patterns, all of them.

    Without a scores table, the columns are those that the champion, else the configuration, will give it.

    Raises:
        NotFound: a pattern matches no column.
        InvalidScores: the scores table cannot be read.
    """
    segments = () if config is None else tuple(config.business.segments)
    has_feedback = home.scores.is_file() or (config is not None and config.feedback is not None)
    groups = column_groups(_horizons(home, config), segments, has_feedback=has_feedback)
    if not home.scores.is_file():
        described = _select(groups, patterns)
        return ColumnCatalogue([DescribedColumn(group, spec, None) for group, spec in described], None)
    table = open_scores(home.scores)
    described = _select(describe_schema(table.schema_arrow, groups), patterns)
    columns = [DescribedColumn(group, spec, _read_values(table, spec.name)) for group, spec in described]
    return ColumnCatalogue(columns, table.metadata.num_rows)


def _read_values(table: pq.ParquetFile, name: str) -> ColumnValues:
    # One column at a time, so that memory holds one column of a million customers.
    return column_values(name, table.read([name])[name])


def _horizons(home: Home, config: ShopConfig | None) -> Horizons:
    """The horizons of the champion, else of the configuration, else the default ones."""
    try:
        metadata = ReleaseManifest.read(home.releases / str(home.champion())).metadata
    except CorruptRelease:
        if config is None:
            return DEFAULT_HORIZONS
        churn_days, ltv_days = config.business.churn_days, config.business.ltv_days
        return Horizons(
            churn_days=DEFAULT_HORIZONS.churn_days if churn_days == "auto" else churn_days, ltv_days=ltv_days
        )
    return Horizons(churn_days=metadata.churn_days, ltv_days=metadata.ltv_days)


def _select(groups: ColumnGroups, patterns: Sequence[str]) -> list[tuple[str, ColumnSpec]]:
    described = [(group, spec) for group, specs in groups.items() for spec in specs]
    names = [spec.name for _, spec in described]
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in names):
            close = get_close_matches(pattern, names, n=3) or names[:3]
            raise NotFound(
                f"Found no column {pattern!r}. Expected a column of the scores table, such as {', '.join(close)}; "
                "`flywheel columns` lists all."
            )
    return [
        (group, spec)
        for group, spec in described
        if not patterns or any(fnmatchcase(spec.name, pattern) for pattern in patterns)
    ]
