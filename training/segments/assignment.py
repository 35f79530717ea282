"""Everybody's segments, small enough to hold at once, and a slice of them as columns of the scores table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.arrays import Booleans, Codes
from features.config.segmentation import Stage
from training.segments.rfm import LAYERS, Scores
from training.segments.rules import column_names


@dataclass(frozen=True, kw_only=True)
class Assigned:
    """The segments of n customers, as codes and flags."""

    scores: Scores
    stages: Sequence[Stage]
    stage: NDArray[np.int16]  # (n,) index into stages, -1 for none
    tiers: Sequence[str]
    tier: NDArray[np.int16]  # (n,) index into tiers
    own: Mapping[str, Booleans]  # by the segment's name as the business wrote it
    crowds: Mapping[str, Booleans]  # by the name of the column

    def table(self, start: int, stop: int) -> pa.Table:
        """The columns of customers ``start`` to ``stop - 1``, in their order."""
        rows = slice(start, stop)
        layer, stage = self.scores.layer[rows], self.stage[rows]
        own = {name: flags[rows] for name, flags in self.own.items()}
        columns = {
            "rfm_recency": _score(self.scores.recency[rows]),
            "rfm_frequency": _score(self.scores.frequency[rows]),
            "rfm_monetary": _score(self.scores.monetary[rows]),
            "rfm_segment": _words(layer, list(LAYERS)),
            "rfm_segment_zh": _words(layer, list(LAYERS.values())),
            "lifecycle_stage": _words(stage, [one.stage for one in self.stages]),
            "lifecycle_phase": _words(stage, [one.phase for one in self.stages]),
            "value_tier": _words(self.tier[rows], self.tiers),
            "segments": _lists(own, len(stage)),
        }
        columns |= {column: pa.array(own[name]) for name, column in column_names(own).items()}
        return pa.table(columns | {name: pa.array(flags[rows]) for name, flags in self.crowds.items()})


def _score(codes: Codes) -> pa.Array:
    return pa.array(codes, pa.int8(), mask=codes == 0)


def _words(codes: NDArray[Any], words: Sequence[str]) -> pa.Array:
    return pa.array(words, pa.string()).take(pa.array(codes, mask=codes < 0))


def _lists(own: Mapping[str, Booleans], customers: int) -> pa.Array:
    """The names of each customer's segments, in the order in which the business wrote them."""
    member = np.column_stack([*own.values()]) if own else np.zeros((customers, 0), np.bool_)
    _, place = np.nonzero(member)
    ends = np.concatenate([[0], np.cumsum(member.sum(axis=1))]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(ends), pa.array(list(own), pa.string()).take(pa.array(place)))
