"""Validation errors: pydantic's errors as text, in the same words for configuration files and requests."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from pydantic_core import ErrorDetails

_MAX_SHOWN_CHARACTERS = 40
_EXPECTED = {
    "bool_type": "true or false",
    "date_from_datetime_inexact": "a day such as 2027-03-15",
    "date_from_datetime_parsing": "a day such as 2027-03-15",
    "date_parsing": "a day such as 2027-03-15",
    "date_type": "a day such as 2027-03-15",
    "datetime_from_date_parsing": "a time such as 2027-03-15T09:00:00Z",
    "datetime_parsing": "a time such as 2027-03-15T09:00:00Z",
    "datetime_type": "a time such as 2027-03-15T09:00:00Z",
    "dict_type": "a section of keys",
    "finite_number": "a number",
    "float_type": "a number",
    "greater_than": "more than {gt:,.15g}",
    "greater_than_equal": "{ge:,.15g} or more",
    "int_type": "a whole number",
    "less_than": "less than {lt:,.15g}",
    "less_than_equal": "{le:,.15g} or less",
    "list_type": "a list in square brackets",
    "literal_error": "{expected}",
    "model_attributes_type": "a section of keys",
    "model_type": "a section of keys",
    "string_pattern_mismatch": "text of the form {pattern}",
    "string_too_long": "at most {max_length:,} characters",
    "string_too_short": "some text",
    "string_type": "text in quotes",
    "too_long": "at most {max_length:,} values",
    "too_short": "at least {min_length:,} values",
    "tuple_type": "a list in square brackets",
}
_EXPECTED_JSON = {
    "dict_type": "an object",
    "list_type": "an array",
    "model_attributes_type": "an object",
    "model_type": "an object",
    "string_type": "a string: send it in quotes",
    "tuple_type": "an array",
}
_LENGTH_UNITS = {"string_too_long": "characters", "too_long": "values", "too_short": "values"}


def found_text(error: ErrorDetails, show: Callable[[object], str] = repr) -> str:
    """The rejected value as text, or its length where the length is wrong."""
    unit = _LENGTH_UNITS.get(error["type"])
    return f"{len(error['input']):,} {unit}" if unit else show(error["input"])


def expected_text(error: ErrorDetails) -> str:
    """The expected value in TOML terms; pydantic's own message for a type of error that this module does not know."""
    return _expectation(error, _EXPECTED)


def expected_json_text(error: ErrorDetails) -> str:
    """The expected value in JSON terms, such as an object instead of a section and an array instead of a list."""
    return _expectation(error, _EXPECTED | _EXPECTED_JSON)


def message(error: ErrorDetails) -> str:
    """The message that one of the project's own validators raised."""
    return error["msg"].removeprefix("Value error, ")


def json_text(value: object, max_characters: int = _MAX_SHOWN_CHARACTERS) -> str:
    """A value as JSON, shortened to at most ``max_characters``."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= max_characters else f"{text[: max_characters - 3]}..."


def _expectation(error: ErrorDetails, templates: Mapping[str, str]) -> str:
    template = templates.get(error["type"])
    return error["msg"] if template is None else template.format(**error.get("ctx", {}))
