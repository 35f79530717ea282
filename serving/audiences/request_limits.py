"""Request limits: the nesting and the number of conditions are counted iteratively, before any validation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from serving.audiences.errors import InvalidAudienceRequest, InvalidJson

MAX_DEPTH = 20  # nested filter nodes, the condition included
MAX_CONDITIONS = 1_000
MAX_VALUES = 10_000
_MAX_JSON_DEPTH = 2 * MAX_DEPTH + 5  # a node may be an object in an array; the rest is for the body and values
_NODE_KEYWORDS = {"all", "any", "not"}


def parse_json(body: bytes) -> dict[str, Any]:
    """Return the body as plain JSON within the limits.

    Raises:
        InvalidJson: the body is not JSON.
        InvalidAudienceRequest: it is not an object, nests too deep, or has too many conditions.
    """
    try:
        payload = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        if "limit" in str(error).lower():
            raise _too_deep("body", "more than a thousand") from None
        raise InvalidJson(f"The body is not JSON: {error}. Send one JSON object.") from None
    if not isinstance(payload, dict):
        raise InvalidAudienceRequest.for_field("body", f"Found {_type_name(payload)}; expected one JSON object.")
    check_limits(payload)
    return payload


def check_limits(payload: dict[str, Any]) -> None:
    """Reject a payload that nests too deep or has too many conditions.

    Raises:
        InvalidAudienceRequest: the payload exceeds a limit.
    """
    if any(depth > _MAX_JSON_DEPTH for depth in _depths(payload)):
        raise _too_deep("body", f"more than {_MAX_JSON_DEPTH}")
    conditions = 0
    for node, depth in _nodes(payload.get("filter")):
        if depth > MAX_DEPTH:
            raise _too_deep("filter", f"more than {MAX_DEPTH}")
        conditions += not isinstance(node, dict) or not _NODE_KEYWORDS & node.keys()
    if conditions > MAX_CONDITIONS:
        raise InvalidAudienceRequest.for_field(
            "filter",
            f"Found {conditions:,} conditions; expected at most {MAX_CONDITIONS:,}. "
            "Put many values of one column into one `in`.",
        )


def _depths(payload: object) -> Iterator[int]:
    """Yield the nesting depth of each object and array."""
    pending = [(payload, 1)]
    while pending:
        value, depth = pending.pop()
        yield depth
        if depth <= _MAX_JSON_DEPTH and isinstance(value, (dict, list)):
            children = value.values() if isinstance(value, dict) else value
            pending += [(child, depth + 1) for child in children if isinstance(child, (dict, list))]


def _nodes(node: object) -> Iterator[tuple[object, int]]:
    """Yield each node of a filter with its nesting depth."""
    pending = [(node, 1)]
    while pending:
        current, depth = pending.pop()
        yield current, depth
        if isinstance(current, dict):
            for keyword in _NODE_KEYWORDS & current.keys():
                children = current[keyword] if isinstance(current[keyword], list) else [current[keyword]]
                pending += [(child, depth + 1) for child in children]


def _too_deep(field: str, levels: str) -> InvalidAudienceRequest:
    return InvalidAudienceRequest.for_field(
        field,
        f"Found {levels} levels of nesting; expected at most {MAX_DEPTH} levels of all, any and not. Put several "
        "conditions into one `all` or `any`.",
    )


def _type_name(value: object) -> str:
    names = {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")
