"""How deep and how large may a request be? Counted on its plain JSON without recursion, before all else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from serving.audiences.errors import NotJson, Refused

DEEPEST = 20  # filter nodes one within another, the condition included
MOST_CONDITIONS = 1_000
MOST_VALUES = 10_000
_DEEPEST_JSON = 2 * DEEPEST + 5  # a node may be an object within an array; the body and the values around it
_NESTING = {"all", "any", "not"}


def plain(body: bytes) -> dict[str, Any]:
    """The body as plain JSON within the limits.

    Raises:
        NotJson: it is none.
        Refused: it is no object, nests too deep, or has too many conditions.
    """
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        if "limit" in str(error).lower():
            raise _too_deep("body", "more than a thousand") from None
        raise NotJson(f"The body is not JSON: {error}. Send one JSON object.") from None
    if not isinstance(said, dict):
        raise Refused.at("body", f"Found {_named(said)}; expected one JSON object.")
    checked(said)
    return said


def checked(said: dict[str, Any]) -> None:
    """Refuses plain JSON that nests too deep or has too many conditions; raises Refused."""
    if any(depth > _DEEPEST_JSON for depth in _depths(said)):
        raise _too_deep("body", f"more than {_DEEPEST_JSON}")
    conditions = 0
    for node, depth in _nodes(said.get("filter")):
        if depth > DEEPEST:
            raise _too_deep("filter", f"more than {DEEPEST}")
        conditions += not isinstance(node, dict) or not _NESTING & node.keys()
    if conditions > MOST_CONDITIONS:
        raise Refused.at(
            "filter",
            f"Found {conditions:,} conditions; expected at most {MOST_CONDITIONS:,}. "
            "Say many values of one column with one `in`.",
        )


def _depths(said: object) -> Iterator[int]:
    waiting = [(said, 1)]
    while waiting:
        value, depth = waiting.pop()
        yield depth
        if depth <= _DEEPEST_JSON and isinstance(value, (dict, list)):
            within = value.values() if isinstance(value, dict) else value
            waiting += [(one, depth + 1) for one in within if isinstance(one, (dict, list))]


def _nodes(node: object) -> Iterator[tuple[object, int]]:
    waiting = [(node, 1)]
    while waiting:
        one, depth = waiting.pop()
        yield one, depth
        if isinstance(one, dict):
            for word in _NESTING & one.keys():
                within = one[word] if isinstance(one[word], list) else [one[word]]
                waiting += [(each, depth + 1) for each in within]


def _too_deep(field: str, levels: str) -> Refused:
    return Refused.at(
        field,
        f"Found {levels} levels of nesting; expected at most {DEEPEST} levels of all, any and not. Several conditions "
        "fit side by side into one `all` or `any`.",
    )


def _named(value: object) -> str:
    names = {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")
