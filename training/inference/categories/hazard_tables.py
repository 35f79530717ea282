"""Category hazard tables: the hazard of the next order in a category, by the time since the last one.

Time is measured in expected gaps. The expected gap is the customer's own mean gap in the category, shrunk towards the
category's gap, which is scaled by the customer's general pace. Each class of evidence has its own table (Singer &
Willett 1993 on discrete-time hazards).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from features.arrays import Codes, Floats, Integers
from training.inference.categories.lines import CategoryLines
from training.inference.fast_numpy import nan_to_zero

CATEGORIES_FILE = "categories.json"  # among the files of the model next_purchase
EVIDENCE_LEVELS = ("category", "customer", "population")
MIN_CATEGORY_DAYS = 3  # order days in the category from which on the own gap is evidence
MIN_PACE_DAYS = 3  # order days of any kind from which on the customer has a pace
PRIOR_GAPS = 2.0  # weight of the category's gap, in own gaps
PRIOR_PACE_GAPS = 3.0  # weight of the median pace, in own gaps
PACE_POWER = 0.5


@dataclass(frozen=True)
class LineState:
    """Line state: evidence, table, expected gap and inactivity of each line at an instant; each array is (m,)."""

    evidence: Codes  # index into EVIDENCE_LEVELS
    cell: Integers  # index of the table
    gap: Floats  # days expected between orders
    silence: Floats  # expected gaps since the last order


@dataclass(frozen=True)
class CategoryTables:
    """Category hazard tables of a shop; a category without a code in ``codes`` gets no forecast."""

    names: tuple[str, ...]
    codes: tuple[int, ...]  # ascending
    gap_days: tuple[float, ...]  # mean gap of all customers who ordered the category, open gaps included
    pace_days: float  # the median customer's mean gap between orders of any kind
    bands: tuple[float, ...]  # inner borders of the classes of order days, above MIN_CATEGORY_DAYS
    edges: tuple[float, ...]  # (periods,) in expected gaps, ascending from 0; the last period is open
    hazards: tuple[tuple[float, ...], ...]  # (cells, periods) per expected gap; in the last one times the silence

    @classmethod
    def from_json(cls, text: str) -> CategoryTables:
        """Parse the text that ``to_json`` wrote.

        Raises:
            KeyError, TypeError, ValueError: the text is not such a table.
        """
        payload: dict[str, Any] = json.loads(text)
        payload |= {name: tuple(value) for name, value in payload.items() if isinstance(value, list)}
        payload["hazards"] = tuple(tuple(cell) for cell in payload["hazards"])
        return cls(**payload)

    def to_json(self) -> str:
        """Return the tables as JSON text."""
        return json.dumps(asdict(self))

    def category_index(self, lines: CategoryLines) -> Integers:
        """Return the position of each line's category in ``names``, (m,); -1 for an unknown category."""
        codes = np.asarray(self.codes, dtype=np.float64)
        if not len(codes):
            return np.full(len(lines), -1)
        position = np.minimum(np.searchsorted(codes, lines.code), len(codes) - 1)
        return np.where(codes[position] == lines.code, position, -1)

    def line_state(self, lines: CategoryLines, category_index: Integers, today: Floats | float) -> LineState:
        """Return the state of lines of known categories at ``today``, in days since 1970 in the shop's timezone."""
        has_pace, own = lines.order_days >= MIN_PACE_DAYS, lines.days >= MIN_CATEGORY_DAYS
        pace = np.where(has_pace, self._relative_pace(lines), 1.0)
        usual = np.asarray(self.gap_days)[category_index] * pace
        gap = (PRIOR_GAPS * usual + lines.last_day - lines.first_day) / (PRIOR_GAPS + lines.days - 1)
        return LineState(
            evidence=np.where(own, 0, np.where(has_pace, 1, 2)).astype(np.int8),
            cell=evidence_cells(lines, self.bands),
            gap=gap,
            silence=(today - lines.last_day) / gap,
        )

    def cumulative_hazard(self, cell: Integers, silence: Floats) -> Floats:
        """Return the cumulative hazard after a silence, both (m,) or (m, k); ``silence_at`` is its inverse."""
        edges = np.asarray(self.edges)
        period = np.searchsorted(edges, silence, side="right") - 1
        at_start, hazard = self._hazard_at_edges[cell, period], self._hazard_table[cell, period]
        within = silence - edges[period]
        beyond = np.log(np.maximum(silence, edges[-1]) / edges[-1])
        return np.asarray(at_start + hazard * np.where(period == len(edges) - 1, beyond, within))

    def silence_at(self, cell: Integers, cumulative_hazard: Floats) -> Floats:
        """Return the silence at which the cumulative hazard is reached, (m, k)."""
        edges = np.asarray(self.edges)
        period = (self._hazard_at_edges[cell][:, None, :] <= cumulative_hazard[:, :, None]).sum(axis=2) - 1
        row = cell[:, None]
        remaining = (cumulative_hazard - self._hazard_at_edges[row, period]) / self._hazard_table[row, period]
        beyond = edges[-1] * np.exp(np.minimum(remaining, 50.0))
        return np.asarray(np.where(period == len(edges) - 1, beyond, edges[period] + remaining))

    @cached_property
    def _hazard_table(self) -> Floats:
        return np.asarray(self.hazards)

    @cached_property
    def _hazard_at_edges(self) -> Floats:
        """The cumulative hazard at the start of each period, (cells, periods)."""
        steps = self._hazard_table[:, :-1] * np.diff(np.asarray(self.edges))
        return np.concatenate([np.zeros((len(steps), 1)), np.cumsum(steps, axis=1)], axis=1)

    def _relative_pace(self, lines: CategoryLines) -> Floats:
        """Return the customer's mean gap relative to the median customer's, shrunk, (m,)."""
        gaps = np.maximum(lines.order_days - 1, 0.0)
        own = nan_to_zero(lines.mean_gap_days) * gaps
        usual = (PRIOR_PACE_GAPS * self.pace_days + own) / (PRIOR_PACE_GAPS + gaps)
        return np.asarray((usual / self.pace_days) ** PACE_POWER)


def evidence_cells(lines: CategoryLines, bands: tuple[float, ...]) -> Integers:
    """Return the class of evidence of each line, (m,).

    The classes follow the order days in the category; below MIN_CATEGORY_DAYS also whether the customer has a pace.
    """
    few = 2 * (np.minimum(lines.days, MIN_CATEGORY_DAYS - 1) - 1) + (lines.order_days >= MIN_PACE_DAYS)
    many = 2 * (MIN_CATEGORY_DAYS - 1) + np.searchsorted(bands, lines.days, side="right")
    return np.where(lines.days >= MIN_CATEGORY_DAYS, many, few).astype(np.int64)


def evidence_cell_count(bands: tuple[float, ...]) -> int:
    """Return the number of classes of evidence."""
    return 2 * (MIN_CATEGORY_DAYS - 1) + len(bands) + 1
