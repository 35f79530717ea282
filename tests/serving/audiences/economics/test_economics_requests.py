"""Economics requests: every number is checked, and an error names its field."""

from __future__ import annotations

import json
from typing import Any

import pytest

from serving.audiences.errors import InvalidAudienceRequest
from serving.audiences.request_parsing import parse_request


@pytest.mark.parametrize(
    ("economics", "field", "reason"),
    [
        ({}, "margin", "Found nothing; expected a value. Add it."),
        ({"margin": 0}, "margin", "Found 0; expected more than 0."),
        ({"margin": 1.01}, "margin", "Found 1.01; expected 1 or less."),
        ({"margin": "0.3"}, "margin", 'Found "0.3"; expected a number.'),
        ({"margin": True}, "margin", "Found true; expected a number."),
        ({"margin": 0.3, "contact_cost": -0.01}, "contact_cost", "Found -0.01; expected 0 or more."),
        ({"margin": 0.3, "offer_cost": 1e13}, "offer_cost", "expected 1,000,000,000,000 or less."),
        ({"margin": 0.3, "budget": -1}, "budget", "Found -1; expected 0 or more."),
        ({"margin": 0.3, "assumed_uplift": 1.5}, "assumed_uplift", "Found 1.5; expected 1 or less."),
        ({"margin": 0.3, "offer_paid": "later"}, "offer_paid", 'Found "later"; expected '),
        ({"margin": 0.3, "experiment": ""}, "experiment", 'Found ""; expected some text.'),
        ({"margin": 0.3, "contact_costs": 1}, "contact_costs", "Did you mean contact_cost? Else leave it out."),
    ],
)
def test_a_number_out_of_range_is_an_error_of_its_field(economics: dict[str, Any], field: str, reason: str) -> None:
    with pytest.raises(InvalidAudienceRequest) as invalid:
        parse_request(json.dumps({"economics": economics}).encode())
    errors = {error.field: error.reason for error in invalid.value.errors}
    assert reason in errors[f"economics.{field}"]


def test_economics_are_an_object() -> None:
    with pytest.raises(InvalidAudienceRequest) as invalid:
        parse_request(b'{"economics": 0.3}')
    assert invalid.value.errors[0].reason == ("Found 0.3; expected an object with margin, contact_cost and offer_cost.")


def test_only_the_margin_is_needed() -> None:
    economics = parse_request(b'{"economics": {"margin": 1}}').economics
    assert economics is not None
    assert economics.model_dump(exclude_defaults=True) == {"margin": 1.0}
