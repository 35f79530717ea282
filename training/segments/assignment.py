"""Segment assignment: the segments of all scored customers in memory, sliced into columns of the scores table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.arrays import Booleans, Codes
from features.config.segmentation import Stage
from training.segments.rfm import RFM_SEGMENTS, RfmScores
from training.segments.rules import column_names


@dataclass(frozen=True, kw_only=True)
class SegmentAssignment:
    """The segments of n customers, as codes and flags."""

    scores: RfmScores
    stages: Sequence[Stage]
    stage: NDArray[np.int16]  # (n,) index into stages, -1 for none
    tiers: Sequence[str]
    tier: NDArray[np.int16]  # (n,) index into tiers
    business_segments: Mapping[str, Booleans]  # by the segment's name in the configuration
    preset_segments: Mapping[str, Booleans]  # by the name of the column

    def table(self, start: int, stop: int) -> pa.Table:
        """The segment columns of customers ``start`` to ``stop - 1``, in their order."""
        rows = slice(start, stop)
        layer, stage = self.scores.layer[rows], self.stage[rows]
        business_flags = {name: flags[rows] for name, flags in self.business_segments.items()}
        columns = {
            "rfm_recency": _score_column(self.scores.recency[rows]),
            "rfm_frequency": _score_column(self.scores.frequency[rows]),
            "rfm_monetary": _score_column(self.scores.monetary[rows]),
            "rfm_segment": _text_column(layer, list(RFM_SEGMENTS)),
            "rfm_segment_zh": _text_column(layer, list(RFM_SEGMENTS.values())),
            "lifecycle_stage": _text_column(stage, [item.stage for item in self.stages]),
            "lifecycle_phase": _text_column(stage, [item.phase for item in self.stages]),
            "value_tier": _text_column(self.tier[rows], self.tiers),
            "segments": _segment_lists(business_flags, len(stage)),
        }
        columns |= {column: pa.array(business_flags[name]) for name, column in column_names(business_flags).items()}
        return pa.table(columns | {name: pa.array(flags[rows]) for name, flags in self.preset_segments.items()})


def _score_column(codes: Codes) -> pa.Array:
    return pa.array(codes, pa.int8(), mask=codes == 0)


def _text_column(codes: NDArray[Any], texts: Sequence[str]) -> pa.Array:
    return pa.array(texts, pa.string()).take(pa.array(codes, mask=codes < 0))


def _segment_lists(business_segments: Mapping[str, Booleans], customers: int) -> pa.Array:
    """The names of each customer's segments, in the order of the configuration."""
    member = np.column_stack([*business_segments.values()]) if business_segments else np.zeros((customers, 0), np.bool_)
    _, index = np.nonzero(member)
    ends = np.concatenate([[0], np.cumsum(member.sum(axis=1))]).astype(np.int32)
    return pa.ListArray.from_arrays(
        pa.array(ends), pa.array(list(business_segments), pa.string()).take(pa.array(index))
    )
