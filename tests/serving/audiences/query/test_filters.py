"""Filters: a filter selects the same customers as a check of the table row by row."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.audiences.errors import InvalidAudienceRequest
from serving.audiences.query.filters import Filter
from serving.audiences.query.scores_table import Columns
from serving.audiences.schema import AudienceRequest
from tests.serving.audiences.tables import TYPES, ZONE, columns, five_customers

Row = dict[str, Any]
Json = dict[str, Any]


@pytest.fixture
def shop(tmp_path: Path) -> Columns:
    return columns(tmp_path, five_customers())


def matching_ids(shop: Columns, node: Json | None) -> list[str]:
    request = AudienceRequest.model_validate({"filter": node})
    mask = Filter(request.filter, shop, ZONE).mask()
    return [name for name, chosen in zip(shop.ids.to_pylist(), mask, strict=True) if chosen]


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (None, ["0007", "ann", "bob", "cyd", "阿强"]),
        ({"column": "churn_probability", "at_least": 0.5}, ["0007", "bob", "阿强"]),
        ({"column": "churn_probability", "above": 0.1, "at_most": 0.5}, ["bob", "阿强"]),
        ({"column": "orders", "equals": 3.0}, ["bob", "阿强"]),
        ({"column": "orders", "not_in": [3, 12]}, ["0007"]),
        ({"column": "rfm_recency", "below": 500}, ["0007", "ann", "bob", "阿强"]),
        ({"column": "rfm_recency", "in": [5, 700]}, ["ann"]),
        ({"column": "value_tier", "in": ["gold", "never heard of"]}, ["ann", "bob"]),
        ({"column": "value_tier", "not_equals": "gold"}, ["0007"]),
        ({"not": {"column": "value_tier", "equals": "gold"}}, ["0007", "cyd", "阿强"]),
        ({"column": "preset_segment_loyal", "equals": False}, ["0007", "bob"]),
        ({"column": "remind_on", "since": "2026-06-01", "before": "2026-06-09"}, ["0007", "阿强"]),
        ({"column": "remind_on", "is_null": True}, ["bob", "cyd"]),
        ({"column": "segments", "is_null": False}, ["0007", "ann", "bob", "阿强"]),
        ({"column": "segments", "contains": "weekend"}, ["ann", "阿强"]),
        ({"column": "customer_id", "in": ["阿强", "0007", "7"]}, ["0007", "阿强"]),
        ({"column": "customer_id", "not_equals": "ann"}, ["0007", "bob", "cyd", "阿强"]),
        ({"all": [{"column": "orders", "above": 1},
                  {"any": [{"column": "value_tier", "is_null": True},
                           {"column": "preset_segment_loyal", "equals": True}]}]},
         ["ann", "阿强"]),
    ],
)  # fmt: skip
def test_it_finds_whom_it_should(shop: Columns, node: Json | None, expected: list[str]) -> None:
    assert matching_ids(shop, node) == expected


def test_a_plain_date_is_the_beginning_of_the_shops_day(shop: Columns) -> None:
    # In Amsterdam the year had begun an hour before midnight in Greenwich.
    assert matching_ids(shop, {"column": "last_order_at", "before": "2026-01-01"}) == ["0007"]
    assert matching_ids(shop, {"column": "last_order_at", "before": "2026-01-01T00:00:00Z"}) == ["0007", "bob"]
    assert matching_ids(shop, {"column": "last_order_at", "equals": "2026-01-01T01:00:00+01:00"}) == ["阿强"]


@pytest.mark.parametrize(
    ("condition", "field", "reason"),
    [
        ({"column": "churn_probabilty", "at_least": 1}, "filter.column",
         "Found churn_probabilty, which is not a column of the scores table. Did you mean churn_probability?"),
        ({"column": "xyz", "at_least": 1}, "filter.column", "is not a column of the scores table. There are churn"),
        ({"column": "orders", "equals": "3"}, "filter.equals", 'Found "3"; expected a number.'),
        ({"column": "orders", "in": [1, True]}, "filter.in[1]", "Found true; expected a number."),
        ({"column": "orders", "at_least": None}, "filter.at_least",
         "Found null; expected a number. Use is_null to find customers without a value."),
        ({"column": "orders", "in": None}, "filter.in", "Found null; expected an array of values."),
        ({"column": "orders", "is_null": None}, "filter.is_null", "Found null; expected true or false."),
        ({"column": "value_tier", "equals": 1}, "filter.equals", "Found 1; expected a string: send it in quotes."),
        ({"column": "preset_segment_loyal", "equals": 1}, "filter.equals", "Found 1; expected true or false."),
        ({"column": "remind_on", "before": "01/06/2026"}, "filter.before",
         'Found "01/06/2026"; expected an ISO date such as 2026-11-21.'),
        ({"column": "remind_on", "before": "2026-02-30"}, "filter.before", "expected an ISO date such as 2026-11-21."),
        ({"column": "last_order_at", "since": "yesterday"}, "filter.since", "expected an RFC 3339 date-time such as"),
        ({"column": "last_order_at", "since": 5}, "filter.since", "expected an RFC 3339 date-time such as"),
        ({"column": "orders"}, "filter", "Found no comparison; expected exactly one of equals, not_equals, in,"),
        ({"column": "orders", "equals": 1, "above": 3}, "filter", "Found equals and above; expected exactly one of"),
        ({"column": "orders", "at_least": 1, "above": 3}, "filter", "Found at_least and above; expected exactly one"),
        ({"column": "orders", "contains": 1}, "filter",
         "Found contains, but orders is a number column; expected equals, not_equals, in, not_in, at_least, above,"),
        ({"column": "value_tier", "at_least": "gold"}, "filter", "Found at_least, but value_tier is a text column;"),
        ({"column": "orders", "since": "2026-01-01"}, "filter", "Found since, but orders is a number column;"),
        ({"column": "segments", "equals": "weekend"}, "filter",
         "Found equals, but segments is a list of text column; expected contains, is_null."),
        ({"column": "segments", "contains": 3}, "filter.contains", "Found 3; expected a string: send it in quotes."),
    ],
)  # fmt: skip
def test_what_does_not_fit_the_table_is_named(shop: Columns, condition: Json, field: str, reason: str) -> None:
    with pytest.raises(InvalidAudienceRequest, match="1 field is not as expected") as refusal:
        matching_ids(shop, condition)
    (error,) = refusal.value.errors
    assert error.field == field
    assert reason in error.reason


def test_every_condition_at_fault_is_named_by_its_place(shop: Columns) -> None:
    with pytest.raises(InvalidAudienceRequest, match="2 fields are not as expected") as refusal:
        matching_ids(
            shop, {"all": [{"column": "orders", "above": "1"}, {"not": {"any": [{"column": "nobody", "above": 1}]}}]}
        )
    assert [error.field for error in refusal.value.errors] == ["filter.all[0].above", "filter.all[1].not.any[0].column"]


# The reference implementation, row by row.
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "equals": operator.eq, "not_equals": operator.ne, "at_least": operator.ge, "at_most": operator.le,
    "above": operator.gt, "below": operator.lt, "since": operator.ge, "before": operator.lt,
    "contains": lambda value, member: member in value, "in": lambda value, allowed: value in allowed,
    "not_in": lambda value, excluded: value not in excluded,
}  # fmt: skip


def matches_by_hand(node: Json, row: Row) -> bool:
    if "all" in node:
        return all(matches_by_hand(child, row) for child in node["all"])
    if "any" in node:
        return any(matches_by_hand(child, row) for child in node["any"])
    if "not" in node:
        return not matches_by_hand(node["not"], row)
    value = row[node["column"]]
    unknown = value is None or (isinstance(value, float) and math.isnan(value))
    if "is_null" in node:
        return unknown is node["is_null"]
    operands = {operator_name: operand for operator_name, operand in node.items() if operator_name != "column"}
    return not unknown and all(
        COMPARE[operator_name](value, parse_like(value, operand)) for operator_name, operand in operands.items()
    )


def parse_like(value: object, expected: Any) -> Any:  # noqa: ANN401 - any value of JSON
    if isinstance(expected, list):
        return [parse_like(value, item) for item in expected]
    if isinstance(value, datetime):
        return datetime.fromisoformat(expected)
    return date.fromisoformat(expected) if isinstance(value, date) else expected


START = datetime(2026, 1, 1, tzinfo=UTC)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "churn_probability": st.sampled_from([0.0, 0.1, 0.25, 0.5, 1.0, math.nan]),
    "orders": st.integers(0, 4),
    "rfm_recency": st.integers(1, 5),
    "value_tier": st.sampled_from(["gold", "silver", "", "金"]),
    "preset_segment_loyal": st.booleans(),
    "remind_on": st.integers(0, 3).map(lambda days: date(2026, 1, 1) + timedelta(days)),
    "last_order_at": st.integers(0, 3).map(lambda hours: START + timedelta(hours=hours)),
    "segments": st.lists(st.sampled_from(["weekend", "big baskets", "x"]), max_size=3),
}
ROWS = st.lists(st.fixed_dictionaries({name: st.none() | values for name, values in VALUES.items()}), max_size=12)
OPERANDS: dict[str, st.SearchStrategy[Any]] = {
    **VALUES,
    "churn_probability": st.sampled_from([0, 0.1, 0.25, 0.3, 1]),
    "orders": st.sampled_from([0, 1, 2, 2.5, 9]),
    "rfm_recency": st.sampled_from([1, 3, 5, 300, -300]),
    "remind_on": VALUES["remind_on"].map(str),
    "last_order_at": VALUES["last_order_at"].map(datetime.isoformat),
    "segments": st.sampled_from(["weekend", "big baskets", "nothing"]),
}


@st.composite
def conditions(draw: st.DrawFn) -> Json:
    column = draw(st.sampled_from(sorted(TYPES)))
    operand = OPERANDS[column]
    if column == "segments":
        list_operator = draw(st.sampled_from(["contains", "is_null"]))
        return {"column": column, list_operator: draw(operand if list_operator == "contains" else st.booleans())}
    family = draw(st.sampled_from(["equals", "not_equals", "in", "not_in", "is_null", "range"]))
    if family == "range" and column not in {"value_tier", "preset_segment_loyal"}:
        low, high = draw(st.sampled_from(["at_least", "above"])), draw(st.sampled_from(["at_most", "below"]))
        bounds = draw(st.sampled_from([[low], [high], [low, high]]))
        return {"column": column, **{bound: draw(operand) for bound in bounds}}
    if family in {"in", "not_in"}:
        return {"column": column, family: draw(st.lists(operand, min_size=1, max_size=3))}
    return {"column": column, "is_null": draw(st.booleans())} if family in {"is_null", "range"} else {
        "column": column, family: draw(operand)
    }  # fmt: skip


NODES = st.recursive(
    conditions(),
    lambda nodes: st.one_of(
        st.lists(nodes, min_size=1, max_size=3).map(lambda children: {"all": children}),
        st.lists(nodes, min_size=1, max_size=3).map(lambda children: {"any": children}),
        nodes.map(lambda node: {"not": node}),
    ),
    max_leaves=6,
)


def open_columns(rows: list[Row], folder: str) -> Columns:
    return columns(Path(folder), [{"customer_id": f"{index:03d}", **row} for index, row in enumerate(rows)])


@settings(max_examples=150)
@given(rows=ROWS, node=NODES)
def test_it_agrees_with_reading_row_by_row(rows: list[Row], node: Json) -> None:
    with TemporaryDirectory() as folder:
        selected = matching_ids(open_columns(rows, folder), node)
    assert selected == [f"{index:03d}" for index, row in enumerate(rows) if matches_by_hand(node, row)]


@settings(max_examples=60)
@given(rows=ROWS, node=NODES)
def test_an_audience_and_its_complement_share_out_everybody(rows: list[Row], node: Json) -> None:
    with TemporaryDirectory() as folder:
        shop = open_columns(rows, folder)
        inside, outside = matching_ids(shop, node), matching_ids(shop, {"not": node})
    assert sorted([*inside, *outside]) == [f"{index:03d}" for index in range(len(rows))]
