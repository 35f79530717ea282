"""Columns: every column of a shop's scores table has a meaning, and its values are those of the table."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from pipelines.cli.columns import describe_values
from pipelines.scoring.column_values import ColumnValues, column_values
from tests.pipelines.command import Flywheel

pytestmark = pytest.mark.slow


def test_every_column_of_the_table_is_described_in_its_order(trained_shop: Flywheel) -> None:
    summary = trained_shop("columns", "--json").summary
    table = trained_shop.scores
    assert summary["customers"] == len(table)
    assert [column["name"] for column in summary["columns"]] == table.column_names
    assert {*summary["columns"][0]} == {
        "name", "group", "type", "meaning", "nulls", "distinct", "minimum", "maximum", "counts",
    }  # fmt: skip
    assert all(column["meaning"].endswith(".") for column in summary["columns"])
    assert {column["group"] for column in summary["columns"]} == {"predictions", "segments", "preferences", "consent"}


def test_values_are_those_of_the_table_and_no_customer_id_is_shown(trained_shop: Flywheel) -> None:
    columns = {column["name"]: column for column in trained_shop("columns", "--json").summary["columns"]}
    table = trained_shop.scores
    assert columns["customer_id"]["distinct"] == len(table)
    assert columns["customer_id"]["counts"] is None
    assert columns["prediction_id"]["counts"] is None
    bands = table["churn_band"].value_counts().to_pylist()
    assert columns["churn_band"]["counts"] == {row["values"]: row["counts"] for row in bands}
    probabilities = table["churn_probability"].to_numpy()
    assert columns["churn_probability"]["minimum"] == probabilities.min()
    assert columns["churn_probability"]["maximum"] == probabilities.max()
    assert columns["remind_on"]["nulls"] == table["remind_on"].null_count
    assert columns["as_of"]["minimum"] == "2024-09-23T22:00:00Z"


def test_names_and_patterns_choose_columns(trained_shop: Flywheel) -> None:
    result = trained_shop("columns", "ltv_30d_m*", "churn_band")
    lines = [line.split() for line in result.out.splitlines() if line.strip()]
    assert [words[0] for words in lines if words[0].startswith(("ltv", "churn"))] == [
        "churn_band",
        "ltv_30d_mean",
        "ltv_30d_median",
    ]
    assert result.out.endswith(f"{len(trained_shop.scores):,} customers.\n")


def test_an_unknown_column_is_refused_with_those_that_are_alike(trained_shop: Flywheel) -> None:
    result = trained_shop("columns", "ltv_90d_mean")
    assert (result.status, result.out) == (1, "")
    assert "Found no column 'ltv_90d_mean'" in result.err
    assert "ltv_30d_mean" in result.err


def test_before_the_first_run_the_columns_of_the_configuration_are_described(tmp_path: Path) -> None:
    flywheel = Flywheel(tmp_path)
    names = {column["name"] for column in flywheel("columns", "--json").summary["columns"]}
    assert {"ltv_90d_mean", "next_purchase_p50_if_within_90d"} <= names
    (tmp_path / "flywheel.toml").write_text(
        'name = "s"\ncurrency = "EUR"\ntimezone = "Europe/Paris"\n[orders]\npath = "o.csv"\ncustomer_id = "c"\n'
        'ordered_at = "t"\namount = "a"\n[business]\nltv_days = [14]\n[business.segments."big baskets"]\n'
        "average_basket = { at_least = 50 }\n"
    )
    summary = flywheel("columns", "--json").summary
    assert summary["customers"] is None
    columns = {column["name"]: column for column in summary["columns"]}
    assert {"ltv_14d_mean", "segment_big_baskets"} <= set(columns)
    assert "ltv_365d_mean" not in columns
    assert {*columns["ltv_14d_mean"]} == {"name", "group", "type", "meaning"}
    assert flywheel("columns").out.endswith("`flywheel run` writes it.\n")


def test_a_damaged_table_is_an_error(tmp_path: Path) -> None:
    (tmp_path / ".flywheel").mkdir()
    (tmp_path / ".flywheel/scores.parquet").write_text("lost")
    result = Flywheel(tmp_path)("columns")
    assert result.status == 1
    assert "is not a scores table" in result.err


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (pa.chunked_array([[1.5, None, 0.25]]), "0.250 to 1.500, 1 null"),
        (pa.chunked_array([[60, 60]]), "60"),
        (pa.chunked_array([["low", "high", "low", None]]), "low: 2, high: 1, 1 null"),
        (pa.chunked_array([[True, False, True]]), "true: 2, false: 1"),
        (pa.chunked_array([[["a", "b"], ["a"], [], None]]), "a: 2, b: 1, 1 null"),
        (pa.chunked_array([[[0.5, 1.5], [2.5]]]), "0.500 to 2.500"),
        (pa.chunked_array([pa.array([None, None], pa.float64())]), "2 null"),
        (pa.chunked_array([pa.array([], pa.string())]), "none"),
        (
            pa.chunked_array([[*"aabbbcdefghijklm"]]),
            "b: 3, a: 2, c: 1, d: 1, e: 1, 8 further values",
        ),
    ],
)
def test_values_are_a_range_or_counts(values: pa.ChunkedArray, text: str) -> None:
    assert describe_values(column_values("any", values)) == text


def test_a_column_without_a_table_has_no_values() -> None:
    assert describe_values(None) == ""
    assert describe_values(ColumnValues(nulls=0)) == "none"
