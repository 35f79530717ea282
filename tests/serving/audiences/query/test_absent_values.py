"""Absent values: a filter on a value that nobody has says so, and names the values that there are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from features.arrays import Booleans
from features.canonical_form import IdCase
from serving.audiences.query.absent_values import closest_texts, unknown_channel_note
from serving.audiences.query.filters import Filter
from serving.audiences.query.scores_table import Columns
from serving.audiences.schema import AudienceRequest
from tests.serving.audiences.tables import ZONE, columns, five_customers


@pytest.fixture
def shop(tmp_path: Path) -> Columns:
    return columns(tmp_path, five_customers())


def everybody(shop: Columns) -> Booleans:
    return np.ones(len(shop), np.bool_)


def filter_of(shop: Columns, node: dict[str, Any], id_case: IdCase = "keep") -> Filter:
    return Filter(AudienceRequest.model_validate({"filter": node}).filter, shop, ZONE, id_case)


@pytest.mark.parametrize(
    ("condition", "sentence"),
    [
        (
            {"column": "value_tier", "equals": "glod"},
            "Nobody with consent has 'glod' in value_tier; there are 'gold', 'silver'.",
        ),
        (
            {"column": "value_tier", "not_equals": "Gold"},
            "Nobody with consent has 'Gold' in value_tier; there are 'gold', 'silver'.",
        ),
        (
            {"column": "value_tier", "in": ["gold", "tin"]},
            "Nobody with consent has 'tin' in value_tier; there are 'silver', 'gold'.",
        ),
        (
            {"column": "segments", "contains": "week-end"},
            "Nobody with consent has 'week-end' in segments; there are 'weekend', 'big baskets'.",
        ),
        ({"column": "rfm_recency", "equals": 4}, "Nobody with consent has 4 in rfm_recency; there are 3, 5, 1."),
        (
            {"column": "remind_on", "equals": "2026-06-08"},
            "Nobody with consent has '2026-06-08' in remind_on; there are '2026-06-09', '2026-06-03', '2026-06-01'.",
        ),
        ({"column": "customer_id", "equals": "dan"}, "Nobody with consent has 'dan' in customer_id."),
    ],
)
def test_a_value_that_nobody_has_is_named_with_those_that_there_are(
    shop: Columns, condition: dict[str, Any], sentence: str
) -> None:
    assert filter_of(shop, {"any": [condition, {"column": "value_tier", "equals": "gold"}]}).notes(everybody(shop)) == [
        sentence
    ]


@pytest.mark.parametrize(
    "condition",
    [
        {"column": "value_tier", "equals": "gold"},
        {"column": "value_tier", "in": ["gold", "silver"]},
        {"column": "segments", "contains": "weekend"},
        {"column": "customer_id", "in": ["ann", "阿强"]},
        {"column": "orders", "equals": 12},
        {"column": "orders", "at_least": 1000},
        {"column": "value_tier", "is_null": True},
        {"column": "preset_segment_loyal", "equals": True},
    ],
)
def test_a_value_that_somebody_has_needs_no_sentence(shop: Columns, condition: dict[str, Any]) -> None:
    assert filter_of(shop, {"not": condition}).notes(everybody(shop)) == []


def test_at_most_ten_values_are_named(tmp_path: Path) -> None:
    rows = [{"customer_id": f"{number:03d}", "store": f"store {number}"} for number in range(40)]
    shop = columns(tmp_path, rows, {"store": pa.string()})
    (note,) = filter_of(shop, {"column": "store", "equals": "stor 7"}).notes(everybody(shop))
    assert note.startswith("Nobody with consent has 'stor 7' in store; there are 'store 7', ")
    assert note.count("'store ") == 10


def test_the_closest_come_first_and_case_counts_for_little() -> None:
    assert closest_texts("EMAIL", ["sms", "push", "email", "mail"])[:2] == ["email", "mail"]


@pytest.mark.parametrize(("written", "id_case"), [(" ann", "keep"), ("a\u200bnn\u00a0", "keep"), ("ANN", "fold")])
def test_a_customer_is_found_by_any_spelling_of_the_id(shop: Columns, written: str, id_case: IdCase) -> None:
    for condition in ({"column": "customer_id", "equals": written}, {"column": "customer_id", "in": [written, "bob"]}):
        selected = filter_of(shop, condition, id_case)
        assert shop.ids.filter(pa.array(selected.mask())).to_pylist()[0] == "ann"
        assert selected.notes(everybody(shop)) == []


def test_case_of_an_id_counts_where_the_shop_keeps_it(shop: Columns) -> None:
    assert not filter_of(shop, {"column": "customer_id", "equals": "ANN"}).mask().any()


def test_channels_of_the_table_are_compared_without_case(tmp_path: Path) -> None:
    ann: dict[str, Any] = {"customer_id": "ann", "channel_ranking": ["store", "e-mail"]}
    rows = [ann, {"customer_id": "bob"}]
    shop = columns(tmp_path, rows, {"channel_ranking": pa.list_(pa.string())})
    assert filter_of(shop, {"column": "channel_ranking", "contains": "E-Mail "}).mask().tolist() == [True, False]
    assert unknown_channel_note("store", ["sms"], shop) == ""
    assert unknown_channel_note("sms", ["sms"], shop) == ""
    assert "there are 'store', 'sms', 'e-mail'" in unknown_channel_note("stores", ["sms"], shop)


def test_a_column_without_values_says_so(tmp_path: Path) -> None:
    shop = columns(tmp_path, [{"customer_id": "ann", "segments": []}])
    (note,) = filter_of(shop, {"column": "segments", "contains": "loyal"}).notes(everybody(shop))
    assert note == "Nobody with consent has 'loyal' in segments; nobody has any value there."


def test_a_shop_without_any_channel_says_so(shop: Columns) -> None:
    assert "no channel is on record" in unknown_channel_note("email", [], shop)
