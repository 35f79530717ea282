"""Validation errors: what pydantic refused, in one wording for files and requests: found, expected."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from pydantic_core import ErrorDetails

MAX_SHOWN_CHARACTERS = 40
_EXPECTED = {
    "bool_type": "true or false",
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
    """What was found: the value itself, or its length where the length is at fault."""
    unit = _LENGTH_UNITS.get(error["type"])
    return f"{len(error['input']):,} {unit}" if unit else show(error["input"])


def expected_text(error: ErrorDetails) -> str:
    """What was expected in its place; pydantic's own sentence for a kind of error that has no words here."""
    return _expectation(error, _EXPECTED)


def expected_json_text(error: ErrorDetails) -> str:
    """What was expected, in the words of JSON: an object is no section, and an array no list."""
    return _expectation(error, _EXPECTED | _EXPECTED_JSON)


def message(error: ErrorDetails) -> str:
    """The sentence that one of our own validators raised."""
    return error["msg"].removeprefix("Value error, ")


def json_text(value: object) -> str:
    """A value as JSON, cut after forty characters."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= MAX_SHOWN_CHARACTERS else f"{text[: MAX_SHOWN_CHARACTERS - 3]}..."


def _expectation(error: ErrorDetails, words: Mapping[str, str]) -> str:
    template = words.get(error["type"])
    return error["msg"] if template is None else template.format(**error.get("ctx", {}))
