"""Segment assignment: slices of the segments as columns with fixed names and types."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from features.config.segmentation import LIFECYCLE
from training.segments.assignment import SegmentAssignment
from training.segments.columns import PRESET_SEGMENT_COLUMNS, SEGMENT_COLUMNS, segment_columns
from training.segments.rfm import RfmScores

OWN = ("big baskets", "no order for half a year")


def three_assignments() -> SegmentAssignment:
    """A valuable customer in both segments, a lapsed customer in one, a prospect in none."""
    return SegmentAssignment(
        scores=RfmScores(
            recency=np.array([3, 1, 0], np.int8),
            frequency=np.array([3, 1, 0], np.int8),
            monetary=np.array([3, 1, 0], np.int8),
            layer=np.array([0, 7, -1], np.int8),
        ),
        stages=LIFECYCLE,
        stage=np.array([1, 0, -1], np.int16),
        tiers=("gold", "rest"),
        tier=np.array([0, 1, 1], np.int16),
        business_segments={OWN[0]: np.array([True, False, False]), OWN[1]: np.array([True, True, False])},
        preset_segments={column.name: np.array([False, True, False]) for column in PRESET_SEGMENT_COLUMNS},
    )


def test_codes_become_texts_and_missing_values_are_null() -> None:
    ann, bob, pat = three_assignments().table(0, 3).to_pylist()
    assert [ann[name] for name in ("rfm_recency", "rfm_segment", "rfm_segment_zh")] == [3, "important_keep", "重要价值"]
    assert [pat[name] for name in ("rfm_recency", "rfm_segment", "rfm_segment_zh")] == [None, None, None]
    assert (bob["lifecycle_stage"], bob["lifecycle_phase"], bob["value_tier"]) == ("retention", "lapse", "rest")
    assert (pat["lifecycle_stage"], pat["lifecycle_phase"]) == (None, None)
    assert [row["segments"] for row in (ann, bob, pat)] == [list(OWN), [OWN[1]], []]
    assert [row["segment_big_baskets"] for row in (ann, bob, pat)] == [True, False, False]
    assert [row["preset_segment_about_to_lapse"] for row in (ann, bob, pat)] == [False, True, False]


def test_slices_add_up_to_the_whole() -> None:
    assignment = three_assignments()
    assert pa.concat_tables([assignment.table(0, 1), assignment.table(1, 3)]).equals(assignment.table(0, 3))
    assert assignment.table(2, 2).num_rows == 0


def test_the_columns_are_the_declared_ones() -> None:
    schema = three_assignments().table(0, 3).schema
    listed = segment_columns(OWN)
    assert schema.names == [column.name for column in listed]
    assert schema.types == [column.type for column in listed]


def test_a_shop_without_segments_of_its_own_has_an_empty_list_of_them() -> None:
    assert [column.name for column in segment_columns(())] == [
        column.name for column in (*SEGMENT_COLUMNS, *PRESET_SEGMENT_COLUMNS)
    ]


def test_every_column_has_a_meaning_in_a_sentence() -> None:
    for column in segment_columns(OWN):
        assert column.meaning[0].isupper()
        assert column.meaning.endswith(".")
