"""How deep and how large may a request be? Counted on its plain JSON without recursion, before all else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from serving.audiences.errors import InvalidAudienceRequest, InvalidJson

MAX_DEPTH = 20  # filter nodes one within another, the condition included
MAX_CONDITIONS = 1_000
MAX_VALUES = 10_000
_MAX_JSON_DEPTH = 2 * MAX_DEPTH + 5  # a node may be an object within an array; the body and the values around it
_NODE_KEYWORDS = {"all", "any", "not"}


def parse_json(body: bytes) -> dict[str, Any]:
    """The body as plain JSON within the limits.

    Raises:
        InvalidJson: it is none.
        Refused: it is no object, nests too deep, or has too many conditions.
    """
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        if "limit" in str(error).lower():
            raise _too_deep("body", "more than a thousand") from None
        raise InvalidJson(f"The body is not JSON: {error}. Send one JSON object.") from None
    if not isinstance(said, dict):
        raise InvalidAudienceRequest.for_field("body", f"Found {_type_name(said)}; expected one JSON object.")
    check_limits(said)
    return said


def check_limits(payload: dict[str, Any]) -> None:
    """Refuses plain JSON that nests too deep or has too many conditions; raises Refused."""
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
            "Say many values of one column with one `in`.",
        )


def _depths(payload: object) -> Iterator[int]:
    waiting = [(payload, 1)]
    while waiting:
        value, depth = waiting.pop()
        yield depth
        if depth <= _MAX_JSON_DEPTH and isinstance(value, (dict, list)):
            within = value.values() if isinstance(value, dict) else value
            waiting += [(one, depth + 1) for one in within if isinstance(one, (dict, list))]


def _nodes(node: object) -> Iterator[tuple[object, int]]:
    waiting = [(node, 1)]
    while waiting:
        one, depth = waiting.pop()
        yield one, depth
        if isinstance(one, dict):
            for word in _NODE_KEYWORDS & one.keys():
                within = one[word] if isinstance(one[word], list) else [one[word]]
                waiting += [(each, depth + 1) for each in within]


def _too_deep(field: str, levels: str) -> InvalidAudienceRequest:
    return InvalidAudienceRequest.for_field(
        field,
        f"Found {levels} levels of nesting; expected at most {MAX_DEPTH} levels of all, any and not. Several conditions "
        "fit side by side into one `all` or `any`.",
    )


def _type_name(value: object) -> str:
    names = {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")
