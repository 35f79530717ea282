"""Preset sizes: how many customers of each preset segment may be approached now, and what they are expected to spend.

The sizes are those of an audience with the segment as its only condition: by the consents of this moment, without the
global hold-out, and without a number for fewer customers than the smallest audience.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import cast

import numpy as np

from features.arrays import Booleans
from features.calendar import instant, local_day
from features.consents.consent import MARKETING, ReachRequest
from serving.audiences.consent_filter import ConsentFilter
from serving.audiences.distributions import told_count
from serving.audiences.estimates.expected_totals import choose_horizon, expected_totals
from serving.audiences.global_holdout import without_holdout
from serving.audiences.query.column_store import NumericColumn
from serving.audiences.query.scores_table import Columns, ScoresFile
from serving.audiences.schema import ExpectedTotal
from serving.audiences.scoring_context import audience_context, scoring_release
from training.experiments.record.global_holdout import global_holdout_on

PREFIX = "preset_segment_"
ABOUT_TO_LAPSE = "about_to_lapse"
_PRICE_EVIDENCE, _EXPERIMENT = "price_sensitivity_evidence", "experiment"


@dataclass(frozen=True)
class PresetSize:
    """The size of one preset segment."""

    name: str  # without the prefix of its column
    count: int | None  # None for fewer than the smallest audience


@dataclass(frozen=True)
class PresetSizes:
    """The sizes of all preset segments in one scores table."""

    scored_at: datetime | None
    release: str
    sizes: tuple[PresetSize, ...]
    leaving_revenue: ExpectedTotal | None  # of the customers who are about to lapse; None without amounts
    nobody_reachable: bool  # whether no customer at all may be approached; told only where every number is
    price_by_experiment: bool  # whether price sensitivity was caused by a randomised offer, not only observed

    def count_of(self, name: str) -> int | None:
        """The size of a segment; None where it is not told or the table does not have it."""
        return next((size.count for size in self.sizes if size.name == name), None)


@dataclass(frozen=True)
class PresetSegments:
    """The preset segments of one home."""

    home: Path
    scores: ScoresFile
    consent_filter: ConsentFilter
    derive_key: Callable[[str], bytes]

    def sizes(self, now: int, machine_now: int, smallest: int) -> PresetSizes:
        """The sizes by the consents at ``now``.

        Args:
            now: the instant of the consent checks, microseconds since 1970 UTC.
            machine_now: the instant that decides which global hold-out holds, microseconds since 1970 UTC.
            smallest: fewer customers are not told; 0 tells every number.

        Raises:
            InvalidScores: there is no scores table, or its release cannot be read.
            StoreUnavailable: the consents cannot be read.
        """
        columns = self.scores.columns()
        release = scoring_release(columns)
        context = audience_context(self.home, release)
        reachable = self.consent_filter.mask(columns, ReachRequest(MARKETING, None), now)
        holdout = global_holdout_on(self.home, local_day(machine_now, context.zone))
        approachable = without_holdout(reachable, columns, holdout, self.derive_key("holdout"))
        members = {name: approachable & _flags(columns, name) for name in _preset_columns(columns)}
        sizes = tuple(
            PresetSize(name.removeprefix(PREFIX), told_count(mask, smallest)) for name, mask in members.items()
        )
        leaving = members.get(f"{PREFIX}{ABOUT_TO_LAPSE}")
        revenue = None
        if leaving is not None and told_count(leaving, max(smallest, 1)) is not None:
            horizon = choose_horizon(None, columns, context.cards)
            revenue = expected_totals(columns, np.flatnonzero(leaving), horizon, context.cards, reachable).revenue
        return PresetSizes(
            scored_at=_scored_at(columns),
            release=release,
            sizes=sizes,
            leaving_revenue=revenue,
            nobody_reachable=smallest == 0 and not reachable.any(),
            price_by_experiment=_is_price_by_experiment(columns),
        )


def _preset_columns(columns: Columns) -> list[str]:
    return [name for name in columns.column_types if name.startswith(PREFIX)]


def _flags(columns: Columns, name: str) -> Booleans:
    return cast("NumericColumn", columns[name]).is_in([True])


def _is_price_by_experiment(columns: Columns) -> bool:
    """Whether the table says so of its first customer; it says the same of all, or tells each customer's own source."""
    if _PRICE_EVIDENCE not in columns:
        return False
    first = columns[_PRICE_EVIDENCE].take(np.arange(min(len(columns), 1)))
    return bool(first.to_pylist() == [_EXPERIMENT])


def read_scored_at(scores: ScoresFile) -> datetime | None:
    """The instant for which the customers of a scores table were scored; None for a table without any.

    Raises:
        InvalidScores: there is no scores table.
    """
    return _scored_at(scores.columns())


def _scored_at(columns: Columns) -> datetime | None:
    if "as_of" not in columns:
        return None
    instants = cast("NumericColumn", columns["as_of"]).values[:1].tolist()
    return instant(int(instants[0])) if instants else None
