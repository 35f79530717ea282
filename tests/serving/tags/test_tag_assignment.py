"""Tag assignment: each customer gets the band of each column, and the list of tags names every band there can be."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.arrays import Floats, Integers
from features.config.tags import TagsConfig
from serving.audiences.preset_sizes import PREFIX
from serving.audiences.query.scores_table import Columns, ScoresFile
from serving.tags.tag_assignment import Bands, all_bands, assign_tags
from serving.tags.tag_names import VALUE_WORDS
from training.segments.columns import PRESET_SEGMENT_COLUMNS
from training.segments.preferences import PREFERENCE_COLUMNS

TODAY = date(2026, 11, 30)
BANDS = Bands((0.3, 0.7), TODAY)


def columns(folder: Path, **values: Any) -> Columns:  # noqa: ANN401 - any column
    """A scores table with these columns."""
    count = len(next(iter(values.values())))
    pq.write_table(pa.table({"customer_id": [f"c{row}" for row in range(count)], **values}), folder / "scores.parquet")
    return ScoresFile(folder / "scores.parquet").columns()


def tags(table: Columns, *groups: str) -> list[list[str]]:
    config = TagsConfig.model_validate({"channel": "email", "groups": groups})
    assigned = assign_tags(table, config, BANDS).to_lists()
    keys = {band.key("fw") for band in all_bands(table, config, BANDS)}
    assert {key for row in assigned for key in row} <= keys
    return [[key.removeprefix("fw:") for key in row] for row in assigned]


def test_the_churn_bands_begin_at_their_limits(tmp_path: Path) -> None:
    table = columns(tmp_path, churn_probability=[0.29, 0.3, 0.7, None])
    assert tags(table, "churn") == [["churn:low"], ["churn:medium"], ["churn:high"], []]


def test_the_next_order_is_counted_from_today(tmp_path: Path) -> None:
    days = [-3, 7, 8, 14, 15, 30, 31]
    table = columns(tmp_path, next_purchase_p50=pa.array([*(TODAY + timedelta(days=day) for day in days), None]))
    assert [row[0].rpartition(":")[2] for row in tags(table, "next_purchase")[:-1]] == [
        "within_7_days",
        "within_7_days",
        "within_14_days",
        "within_14_days",
        "within_30_days",
        "within_30_days",
        "later",
    ]
    assert tags(table, "next_purchase")[-1] == []


def test_a_customer_may_be_in_several_segments_but_in_one_layer(tmp_path: Path) -> None:
    table = columns(
        tmp_path,
        segments=pa.array([["tea", "a:b"], [], None], pa.list_(pa.string())),
        rfm_segment=["important_keep", None, "ordinary_keep"],
        preset_segment_about_to_lapse=[True, False, None],
        preset_segment_price_sensitive=[True, False, None],
    )
    assert tags(table, "rfm", "segments", "preset_segments") == [
        [
            "preset_segments:about_to_lapse",
            "preset_segments:price_sensitive",
            "rfm:important_keep",
            "segments:a:b",
            "segments:tea",
        ],
        [],
        ["rfm:ordinary_keep"],
    ]


def test_a_group_whose_column_is_missing_has_no_tags(tmp_path: Path) -> None:
    table = columns(tmp_path, value_tier=["gold", "silver"])
    assert tags(table, "churn", "value_tier", "lifecycle") == [["value_tier:gold"], ["value_tier:silver"]]
    config = TagsConfig(channel="email")
    assert [band.value for band in all_bands(table, config, BANDS)] == ["gold", "silver"]


def test_every_preset_segment_has_a_name_in_both_languages() -> None:
    columns_of_scores = (*PRESET_SEGMENT_COLUMNS, *PREFERENCE_COLUMNS)
    names = [spec.name.removeprefix(PREFIX) for spec in columns_of_scores if spec.name.startswith(PREFIX)]
    assert sorted(names) == sorted(VALUE_WORDS["preset_segments"])
    assert len(names) == 5


def test_who_has_a_band_is_computed_once_for_an_export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = columns(tmp_path, churn_probability=[0.1, 0.9])
    config, searches, searchsorted = TagsConfig(channel="email", groups=("churn",)), list[str](), np.searchsorted

    def search(limits: Floats, values: Floats, side: Literal["left", "right"]) -> Integers:
        searches.append(side)
        return searchsorted(limits, values, side)

    monkeypatch.setattr(np, "searchsorted", search)
    all_bands(table, config, BANDS)
    assert assign_tags(table, config, BANDS).to_lists() == [["fw:churn:low"], ["fw:churn:high"]]
    assert searches == ["right"]
