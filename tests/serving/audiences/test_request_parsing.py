"""Request parsing: an error names the field, what was found, what was expected, and the remedy."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.audiences.errors import InvalidAudienceRequest, InvalidJson
from serving.audiences.request_parsing import parse_request
from serving.audiences.schema import AudienceRequest

FULL: dict[str, Any] = {
    "filter": {
        "all": [
            {"column": "churn_probability", "at_least": 0.5},
            {"any": [{"column": "value_tier", "in": ["gold"]}, {"not": {"column": "last_order_at", "before": "2026"}}]},
            {"column": "segments", "contains": "big baskets"},
        ]
    },
    "purpose": "marketing",
    "channel": "email",
    "order_by": {"column": "ltv_90d_mean", "descending": True},
    "limit": 50000,
    "holdout": {"share": 0.1, "name": "autumn"},
    "horizon_days": 90,
    "columns": ["customer_id", "orders"],
}


def json_body(payload: object) -> bytes:
    return json.dumps(payload).encode()


def request_errors(payload: object) -> dict[str, str]:
    with pytest.raises(InvalidAudienceRequest, match="not as expected") as refusal:
        parse_request(json_body(payload))
    return {error.field: error.reason for error in refusal.value.errors}


def test_a_full_request_is_understood() -> None:
    request = parse_request(json_body(FULL))
    assert (request.channel, request.limit, request.horizon_days) == ("email", 50000, 90)
    assert json.loads(request.model_dump_json(by_alias=True, exclude_unset=True)) == FULL


def test_nothing_need_be_said() -> None:
    assert parse_request(b"{}") == AudienceRequest(purpose="marketing")


CONDITION = {"column": "orders", "equals": 1}


@pytest.mark.parametrize(
    ("payload", "field", "reason"),
    [
        ({"limit": 0}, "limit", "Found 0; expected 1 or more."),
        ({"limit": 10_000_001}, "limit", "Found 10000001; expected 10,000,000 or less."),
        ({"limit": "5"}, "limit", 'Found "5"; expected a whole number.'),
        ({"limit": True}, "limit", "Found true; expected a whole number."),
        ({"limits": 5}, "limits", "Did you mean limit? Else leave it out."),
        ({"holdout": {"share": 0.6, "name": "a"}}, "holdout.share", "Found 0.6; expected 0.5 or less."),
        ({"holdout": {"share": -0.1, "name": "a"}}, "holdout.share", "Found -0.1; expected 0 or more."),
        ({"holdout": {"share": 0.1}}, "holdout.name", "Found nothing; expected a value. Add it."),
        ({"holdout": {"share": 0.1, "nam": "a", "name": "b"}}, "holdout.nam", "expected share, name. Did you"),
        ({"holdout": 0.1}, "holdout", "Found 0.1; expected an object with share and name."),
        ({"order_by": "ltv"}, "order_by", 'Found "ltv"; expected an object with column and descending.'),
        ({"order_by": {"column": "a", "descending": 1}}, "order_by.descending", "Found 1; expected true or false."),
        ({"horizon_days": 1.5}, "horizon_days", "Found 1.5; expected a whole number."),
        ({"columns": []}, "columns", "Found 0 values; expected at least 1 values."),
        ({"columns": "orders"}, "columns", 'Found "orders"; expected an array'),
        ({"columns": [1]}, "columns[0]", "Found 1; expected a string: send it in quotes."),
        ({"columns": ["a"] * 101}, "columns", "Found 101 values; expected at most 100 values. Send fewer."),
        ({"purpose": ""}, 'purpose', 'Found ""; expected some text.'),
        ({"filter": 5}, "filter", "Found 5; expected an object with all, any, not, or a condition:"),
        ({"filter": {"all": []}}, "filter.all", "Found 0 values; expected at least 1 values."),
        ({"filter": {"all": CONDITION}}, "filter.all", "expected an array"),
        ({"filter": {"all": [CONDITION], "any": [CONDITION]}}, "filter.any", "expected all alone."),
        ({"filter": {"all": [CONDITION, {"not": {"colum": "a", "equals": 1}}]}}, "filter.all[1].not.column",
         "Found nothing; expected a value. Add it."),
        ({"filter": {"all": [CONDITION, {"not": {"column": 3, "equals": 1}}]}}, "filter.all[1].not.column",
         "Found 3; expected a string: send it in quotes."),
        ({"filter": {"any": [{"any": [3]}]}}, "filter.any[0].any[0]", "Found 3; expected an object with all, any, "),
        ({"filter": {"not": None}}, "filter.not", "Found null; expected an object with all, any, not, or a condition"),
        ({"filter": {"column": "a", "greater": 3}}, "filter.greater", "Found an unknown field; expected col"),
        ({"filter": {"column": "a", "atleast": 3}}, "filter.atleast", "Did you mean at_least?"),
        ({"filter": {"column": "a", "one_of": [3]}}, "filter.one_of", "expected column, equals, not_equals, in,"),
        ({"filter": {"column": "a", "in": "gold"}}, "filter.in", 'Found "gold"; expected an array.'),
        ({"filter": {"column": "a", "in": [*range(10_001)]}}, "filter.in", "Found 10,001 values; expected at most"),
        ({"filter": {"column": "a", "is_null": 1}}, "filter.is_null", "Found 1; expected true or false."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_by_its_place(payload: object, field: str, reason: str) -> None:
    errors = request_errors(payload)
    assert field in errors
    assert reason in errors[field]


def test_of_many_faults_the_first_twenty_are_listed() -> None:
    with pytest.raises(
        InvalidAudienceRequest, match=r"30 fields are not as expected\. The first 20 are listed\."
    ) as refusal:
        parse_request(json_body({"columns": list(range(30))}))
    assert len(refusal.value.errors) == 20


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"limit": NaN}', b"{'a': 1}"])
def test_a_body_that_is_no_json_is_no_question(body: bytes) -> None:
    with pytest.raises(InvalidJson, match=r"The body is not JSON: .* Send one JSON object\."):
        parse_request(body)


@pytest.mark.parametrize(
    ("body", "type_name"), [(b"[]", "an array"), (b"null", "null"), (b"3", "a number"), (b'"a"', "a s")]
)
def test_json_that_is_no_object_is_refused(body: bytes, type_name: str) -> None:
    with pytest.raises(InvalidAudienceRequest, match="1 field") as refusal:
        parse_request(body)
    assert refusal.value.errors[0].reason.startswith(f"Found {type_name}")


def nested_body(levels: int) -> bytes:
    return b'{"filter": ' + b'{"not": ' * (levels - 1) + json_body(CONDITION) + b"}" * levels


def test_twenty_levels_are_answered_and_one_more_is_not() -> None:
    assert parse_request(nested_body(20)).filter is not None
    in_lists: object = CONDITION
    for _ in range(19):
        in_lists = {"any": [in_lists]}
    assert parse_request(json_body({"filter": in_lists})).filter is not None
    with pytest.raises(InvalidAudienceRequest, match="1 field") as refusal:
        parse_request(nested_body(21))
    assert "Found more than 20 levels of nesting; expected at most 20 levels of all" in refusal.value.errors[0].reason


DEEP = [nested_body(22), nested_body(300), nested_body(10_000), nested_body(300_000), b'{"filter": ' + b"[" * 10_000,
        b'{"columns": ' + b"[" * 500 + b"]" * 500 + b"}",
        b'{"filter": {"column": "a", "equals": ' + b'[{"a":' * 200 + b"1" + b"}]" * 200 + b"}}"]  # fmt: skip


@pytest.mark.parametrize("body", DEEP, ids=range(len(DEEP)))
def test_however_deep_it_nests_it_is_refused_at_once(body: bytes) -> None:
    started = time.perf_counter()
    with pytest.raises((InvalidAudienceRequest, InvalidJson), match=r"not as expected|not JSON"):
        parse_request(body)
    assert time.perf_counter() - started < 0.5


def test_a_thousand_conditions_are_answered_and_one_more_is_not() -> None:
    assert parse_request(json_body({"filter": {"any": [CONDITION] * 1000}})).filter is not None
    errors = request_errors({"filter": {"all": [{"any": [CONDITION] * 500}, {"not": {"any": [CONDITION] * 501}}]}})
    assert errors["filter"].startswith("Found 1,001 conditions; expected at most 1,000.")
    assert request_errors({"filter": {"any": [3] * 1001}})["filter"].startswith("Found 1,001 conditions")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["all", "any", "not", "column", "in", "equals", "x"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@pytest.mark.slow
@settings(max_examples=150)
@given(payload=st.dictionaries(st.sampled_from([*FULL, "x"]), JSON, max_size=4))
def test_any_json_is_understood_or_refused(payload: dict[str, Any]) -> None:
    with suppress(InvalidAudienceRequest):
        parse_request(json_body(payload))
