"""Meanings: every declared column has a sentence in both languages, which travels in the schema of the table."""

from __future__ import annotations

import re

import pyarrow as pa
import pytest

from pipelines.scoring.column_catalogue import describe_columns
from pipelines.scoring.column_meanings_zh import MEANINGS, chinese_meaning
from serving.audiences.query.column_descriptions import ColumnDescription, description_metadata, read_descriptions
from training.inference.answers.answer import Horizons

DESCRIBED = {
    column.name: column
    for column in describe_columns(Horizons(churn_days=28, ltv_days=(28, 91, 365)), ("big baskets",), has_feedback=True)
}


@pytest.mark.parametrize("column", DESCRIBED.values(), ids=DESCRIBED)
def test_every_declared_column_has_a_chinese_sentence(column: ColumnDescription) -> None:
    assert re.search(r"[\u4e00-\u9fff]", column.meaning["zh"]), f"add {column.name} to column_meanings_zh.py"
    assert "{" not in column.meaning["zh"]


def test_no_chinese_sentence_is_of_a_column_that_does_not_exist() -> None:
    patterns = {re.sub(r"(?<=_)\d+(?=d(?:_|$))", "{days}", name) for name in DESCRIBED}
    assert MEANINGS.keys() <= patterns


def test_a_horizon_stands_in_the_sentence() -> None:
    assert chinese_meaning("ltv_365d_p10") == "365 天内消费的 80 % 区间下限。"
    assert DESCRIBED["segment_big_baskets"].meaning["zh"] == "属于分群“big baskets”。"


def test_columns_about_the_row_are_not_for_targeting() -> None:
    refused = {name for name, column in DESCRIBED.items() if not column.targeting}
    assert {"customer_id", "release", "churn_status", "ltv_tier", "consent_channels"} <= refused
    assert not refused & {"churn_probability", "value_tier", "segments", "segment_big_baskets", "next_category"}


def test_descriptions_travel_with_the_table_and_others_have_none() -> None:
    schema = pa.schema([("customer_id", pa.string()), ("churn_band", pa.string()), ("mystery", pa.int8())])
    described = read_descriptions(schema.with_metadata(description_metadata(DESCRIBED.values())))
    assert [(column.name, column.group) for column in described] == [
        ("customer_id", "predictions"),
        ("churn_band", "predictions"),
        ("mystery", "other"),
    ]
    assert described[1].meaning == DESCRIBED["churn_band"].meaning
    assert not described[2].meaning
