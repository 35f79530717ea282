"""Audience query: a link to the builder holds the conditions that a request has."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlsplit

import pytest

from serving.audiences.query.column_types import ColumnKind, ColumnType
from serving.web.audience_query import BUILDER_PATH, AudienceQuery, audience_url

TYPES = {
    "value_tier": ColumnType(ColumnKind.TEXT),
    "orders": ColumnType(ColumnKind.NUMBER),
    "remind_on": ColumnType(ColumnKind.DATE),
    "segments": ColumnType(ColumnKind.LIST, ColumnKind.TEXT),
    "due": ColumnType(ColumnKind.BOOLEAN),
}


@pytest.mark.parametrize(
    ("condition", "parsed"),
    [
        ({"column": "value_tier", "equals": "high"}, {"column": "value_tier", "in": ["high"]}),
        ({"column": "value_tier", "in": ["high", "a&b=c"]}, {"column": "value_tier", "in": ["high", "a&b=c"]}),
        ({"column": "orders", "at_least": 2, "below": 9}, {"column": "orders", "at_least": 2.0, "below": 9.0}),
        ({"column": "remind_on", "since": "2026-12-01"}, {"column": "remind_on", "at_least": "2026-12-01"}),
        ({"column": "segments", "contains": "大客户"}, {"column": "segments", "contains": "大客户"}),
        ({"column": "due", "equals": True}, {"column": "due", "equals": True}),
    ],
)
def test_a_link_leads_to_the_same_condition(condition: dict[str, Any], parsed: dict[str, Any]) -> None:
    address = urlsplit(audience_url(condition, channel="email"))
    query = AudienceQuery.parse(address.query)
    assert address.path == BUILDER_PATH
    assert query.conditions(TYPES) == [parsed]
    assert query.choice("channel") == "email"
    assert AudienceQuery.parse(urlsplit(query.url).query) == query


def test_fields_that_were_left_empty_are_no_conditions() -> None:
    query = AudienceQuery.parse("min:orders=&in:value_tier=+&max:orders=3&channel=")
    assert query.conditions(TYPES) == [{"column": "orders", "at_most": 3.0}]


def test_several_values_of_a_list_column_mean_any_of_them() -> None:
    (node,) = AudienceQuery.parse("in:segments=a&in:segments=b").conditions(TYPES)
    assert node == {"any": [{"column": "segments", "contains": "a"}, {"column": "segments", "contains": "b"}]}


def test_a_condition_is_taken_away_with_all_its_fields() -> None:
    query = AudienceQuery.parse("min:orders=2&max:orders=9&in:value_tier=high")
    assert query.without("orders").text == "in%3Avalue_tier=high"


def test_what_is_no_number_reaches_the_service_as_it_was_written() -> None:
    assert AudienceQuery.parse("min:orders=many").conditions(TYPES) == [{"column": "orders", "at_least": "many"}]


def test_an_unknown_comparison_has_no_link() -> None:
    with pytest.raises(KeyError, match="not_equals"):
        audience_url({"column": "orders", "not_equals": 3})


def test_an_address_of_thousands_of_conditions_is_read_in_one_pass() -> None:
    query = AudienceQuery.parse("&".join(f"min:column{number}=1" for number in range(20_000)))
    begun = time.process_time()
    assert len(query.conditions({})) == 20_000
    assert time.process_time() - begun < 5
