"""The hazard of the next order in a category, as tables over the silence there, in units of the gap expected there.

A gap is expected by the customer's own mean gap in the category, weighed against the category's, which is scaled by the
customer's pace in general. Every class of evidence has a table of its own (Singer & Willett 1993 on such hazards).
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

CATEGORIES_FILE = "categories.json"  # beside the other files of the next purchase
EVIDENCE_LEVELS = ("category", "customer", "population")
MIN_CATEGORY_DAYS = 3  # days with an order in the category from which on its own rhythm answers
MIN_PACE_DAYS = 3  # days with any order from which on the customer has a pace
PRIOR_GAPS = 2.0  # own gaps that the category's weighs as much as
PRIOR_PACE_GAPS = 3.0
PACE_POWER = 0.5


@dataclass(frozen=True)
class LineState:
    """Where lines stand at an instant; each array is (m,)."""

    evidence: Codes  # index into RUNGS
    cell: Integers  # the table
    gap: Floats  # days expected between orders
    silence: Floats  # expected gaps since the last order


@dataclass(frozen=True)
class CategoryTables:
    """Learned of every category of a shop; one that is not among the codes is not answered."""

    names: tuple[str, ...]
    codes: tuple[int, ...]  # ascending
    gap_days: tuple[float, ...]  # per order, of all who ordered it, open gaps counted
    pace_days: float  # the median customer's mean gap between orders of any kind
    bands: tuple[float, ...]  # inner borders of the classes of days, from OWN on
    edges: tuple[float, ...]  # (periods,) in expected gaps, ascending from 0; the last period is open
    hazards: tuple[
        tuple[float, ...], ...
    ]  # (cells, periods) orders per expected gap; in the last one times the silence

    @classmethod
    def from_json(cls, text: str) -> CategoryTables:
        """The tables that ``to_json`` wrote."""
        said: dict[str, Any] = json.loads(text)
        said |= {name: tuple(one) for name, one in said.items() if isinstance(one, list)}
        said["hazards"] = tuple(tuple(cell) for cell in said["hazards"])
        return cls(**said)

    def to_json(self) -> str:
        """All of it as text."""
        return json.dumps(asdict(self))

    def category_index(self, lines: CategoryLines) -> Integers:
        """Each line's category, as its place among ``names``; -1 for one that was not learned of."""
        codes = np.asarray(self.codes, dtype=np.float64)
        if not len(codes):
            return np.full(len(lines), -1)
        place = np.minimum(np.searchsorted(codes, lines.code), len(codes) - 1)
        return np.where(codes[place] == lines.code, place, -1)

    def line_state(self, lines: CategoryLines, category_index: Integers, today: Floats | float) -> LineState:
        """Where lines of known categories stand at ``today``, in days since 1970 by the shop's clock."""
        paced, own = lines.order_days >= MIN_PACE_DAYS, lines.days >= MIN_CATEGORY_DAYS
        pace = np.where(paced, self._relative_pace(lines), 1.0)
        usual = np.asarray(self.gap_days)[category_index] * pace
        gap = (PRIOR_GAPS * usual + lines.last_day - lines.first_day) / (PRIOR_GAPS + lines.days - 1)
        return LineState(
            evidence=np.where(own, 0, np.where(paced, 1, 2)).astype(np.int8),
            cell=evidence_cells(lines, self.bands),
            gap=gap,
            silence=(today - lines.last_day) / gap,
        )

    def cumulative_hazard(self, cell: Integers, silence: Floats) -> Floats:
        """The hazard passed by a silence, both (m,) or (m, k); its inverse is ``silence_at``."""
        edges = np.asarray(self.edges)
        period = np.searchsorted(edges, silence, side="right") - 1
        begun, hazard = self._hazard_at_edges[cell, period], self._hazard_table[cell, period]
        within = silence - edges[period]
        beyond = np.log(np.maximum(silence, edges[-1]) / edges[-1])
        return np.asarray(begun + hazard * np.where(period == len(edges) - 1, beyond, within))

    def silence_at(self, cell: Integers, cumulative_hazard: Floats) -> Floats:
        """The silence at which so much hazard, (m, k), has passed."""
        edges = np.asarray(self.edges)
        period = (self._hazard_at_edges[cell][:, None, :] <= cumulative_hazard[:, :, None]).sum(axis=2) - 1
        left = (cumulative_hazard - self._hazard_at_edges[cell[:, None], period]) / self._hazard_table[
            cell[:, None], period
        ]
        beyond = edges[-1] * np.exp(np.minimum(left, 50.0))
        return np.asarray(np.where(period == len(edges) - 1, beyond, edges[period] + left))

    @cached_property
    def _hazard_table(self) -> Floats:
        return np.asarray(self.hazards)

    @cached_property
    def _hazard_at_edges(self) -> Floats:
        """The hazard passed when each period begins, (cells, periods)."""
        steps = self._hazard_table[:, :-1] * np.diff(np.asarray(self.edges))
        return np.concatenate([np.zeros((len(steps), 1)), np.cumsum(steps, axis=1)], axis=1)

    def _relative_pace(self, lines: CategoryLines) -> Floats:
        """How slowly the customer orders in general, 1 for the median customer."""
        gaps = np.maximum(lines.order_days - 1, 0.0)
        own = nan_to_zero(lines.mean_gap_days) * gaps
        usual = (PRIOR_PACE_GAPS * self.pace_days + own) / (PRIOR_PACE_GAPS + gaps)
        return np.asarray((usual / self.pace_days) ** PACE_POWER)


def evidence_cells(lines: CategoryLines, bands: tuple[float, ...]) -> Integers:
    """The class of evidence of each line: by days with an order, those below OWN also by whether there is a pace."""
    few = 2 * (np.minimum(lines.days, MIN_CATEGORY_DAYS - 1) - 1) + (lines.order_days >= MIN_PACE_DAYS)
    many = 2 * (MIN_CATEGORY_DAYS - 1) + np.searchsorted(bands, lines.days, side="right")
    return np.where(lines.days >= MIN_CATEGORY_DAYS, many, few).astype(np.int64)


def evidence_cell_count(bands: tuple[float, ...]) -> int:
    """How many classes of evidence there are."""
    return 2 * (MIN_CATEGORY_DAYS - 1) + len(bands) + 1
