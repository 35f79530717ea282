"""Tag assignment: the bands of each scored customer as tags, from the columns of the scores table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from features.arrays import Integers
from features.calendar import day_number
from features.config.tags import TagGroupName, TagsConfig
from serving.audiences.preset_sizes import PREFIX
from serving.audiences.query.column_store import Column, NumericColumn
from serving.audiences.query.scores_table import Columns
from serving.audiences.query.text_columns import DictionaryColumn, ListColumn
from serving.tags.tag_names import VALUE_WORDS
from serving.tags.tag_sets import TagSets
from training.inference.answers.churn import BANDS

_WINDOW_DAYS = (7, 14, 30)  # the last day of each window of the next order, counted from today


@dataclass(frozen=True)
class Band:
    """A value of a group of tags, such as high of churn; at most one of each group unless a group names several."""

    group: TagGroupName
    value: str

    def key(self, prefix: str) -> str:
        """Return the stable key of the tag, the same in every language."""
        return f"{prefix}:{self.group}:{self.value}"


@dataclass(frozen=True)
class BandedCustomers:
    """The bands of one group of n customers; who has which is computed on request."""

    values: Sequence[str]
    codes: Callable[[], Iterable[Integers]]  # each (n,) index into ``values``, -1 for none; several for several bands


@dataclass(frozen=True)
class Bands:
    """What turns scores into bands besides the table."""

    churn_limits: tuple[float, float]  # the churn probabilities at which the bands medium and high begin
    today: date  # of the shop


def assign_tags(columns: Columns, config: TagsConfig, bands: Bands) -> TagSets:
    """Return the tags of every customer of the table, (customers,); a column that is missing gives no tags."""
    assigned = TagSets.empty(len(columns))
    for group, banded in _banded_groups(columns, config, bands):
        keys = [Band(group, value).key(config.prefix) for value in banded.values]
        for codes in banded.codes():
            assigned |= TagSets.of_values(codes, keys)
    return assigned


def all_bands(columns: Columns, config: TagsConfig, bands: Bands) -> list[Band]:
    """Return every band that a customer of the table can have, in the order of the groups."""
    present = {group: banded.values for group, banded in _banded_groups(columns, config, bands)}
    return [
        Band(group, value)
        for group in config.groups
        if group in present
        for value in dict.fromkeys([*_fixed_values(group), *present[group]])
    ]


def _fixed_values(group: TagGroupName) -> Sequence[str]:
    """Return the values that a group always has; those of tiers and segments are the shop's own."""
    return () if group == "value_tier" else tuple(VALUE_WORDS.get(group, ()))


def _banded_groups(
    columns: Columns, config: TagsConfig, bands: Bands
) -> Sequence[tuple[TagGroupName, BandedCustomers]]:
    read: Mapping[TagGroupName, Callable[[], BandedCustomers | None]] = {
        "churn": lambda: _churn(columns, bands.churn_limits),
        "next_purchase": lambda: _next_purchase(columns, bands.today),
        "value_tier": lambda: _text(columns, "value_tier"),
        "lifecycle": lambda: _text(columns, "lifecycle_stage"),
        "rfm": lambda: _text(columns, "rfm_segment"),
        "segments": lambda: _lists(columns, "segments"),
        "preset_segments": lambda: _preset_segments(columns),
    }
    groups = ((group, read[group]()) for group in config.groups)
    return [(group, banded) for group, banded in groups if banded is not None]


def _churn(columns: Columns, limits: tuple[float, float]) -> BandedCustomers | None:
    column = _number(columns, "churn_probability")
    if column is None:
        return None
    return BandedCustomers(
        BANDS, lambda: [np.where(column.is_null(), -1, np.searchsorted(np.array(limits), column.values, "right"))]
    )


def _next_purchase(columns: Columns, today: date) -> BandedCustomers | None:
    column = _number(columns, "next_purchase_p50")
    if column is None:
        return None

    def codes() -> Iterable[Integers]:
        days = column.values.astype(np.int64) - day_number(today)
        yield np.where(column.is_null(), -1, np.searchsorted(np.array(_WINDOW_DAYS), days, "left"))

    return BandedCustomers(tuple(VALUE_WORDS["next_purchase"]), codes)


def _text(columns: Columns, name: str) -> BandedCustomers | None:
    column = _column(columns, name)
    if not isinstance(column, DictionaryColumn):
        return None
    return BandedCustomers(column.dictionary.to_pylist(), lambda: [column.codes.astype(np.int64)])


def _lists(columns: Columns, name: str) -> BandedCustomers | None:
    column = _column(columns, name)
    if not isinstance(column, ListColumn) or not isinstance(column.members, DictionaryColumn):
        return None
    values = sorted(column.members.dictionary.to_pylist())
    return BandedCustomers(
        values, lambda: (np.where(column.is_in([value]), code, -1) for code, value in enumerate(values))
    )


def _preset_segments(columns: Columns) -> BandedCustomers | None:
    flags = {
        name.removeprefix(PREFIX): column
        for name in columns.column_types
        if name.startswith(PREFIX) and (column := _number(columns, name)) is not None
    }
    if not flags:
        return None
    return BandedCustomers(
        tuple(flags), lambda: (np.where(flag.is_in([True]), code, -1) for code, flag in enumerate(flags.values()))
    )


def _number(columns: Columns, name: str) -> NumericColumn | None:
    column = _column(columns, name)
    return column if isinstance(column, NumericColumn) else None


def _column(columns: Columns, name: str) -> Column | None:
    return columns[name] if name in columns else None  # noqa: SIM401 -- columns are no dict, and have no get
