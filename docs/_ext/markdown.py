"""Markdown building blocks: tables, sections, and JSON Schema in words, for every generated page."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Schema = Mapping[str, Any]

_TYPES = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false", "null": "null"}
_FORMATS = {"password": "secret text", "date-time": "date and time", "binary": "bytes"}
_RANGES = {
    "{}": ("minimum", "maximum"),
    "{} characters": ("minLength", "maxLength"),
    "{} items": ("minItems", "maxItems"),
}
_LIMITS = {"exclusiveMinimum": "above {}", "exclusiveMaximum": "below {}", "pattern": "matches `{}`"}


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; bars in its cells are escaped, and line breaks become spaces."""
    lines = [headers, ["---"] * len(headers), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines) + "\n"


def code(value: object) -> str:
    """The value as inline code; empty text for an empty value."""
    return f"`{value}`" if str(value) else ""


def anchor(prefix: str, name: str) -> str:
    """The link target of a section with this name."""
    return f"{prefix}-{name}".lower().replace(" ", "-").replace(".", "-").replace("_", "-")


def section(level: int, title: str, target: str, *parts: str) -> str:
    """A heading with its link target, followed by the parts as separate blocks."""
    return (
        "\n\n".join([f"({target})=\n{'#' * level} {title}", *(part.strip() for part in parts if part.strip())]) + "\n"
    )


def type_of(schema: Schema, prefix: str) -> str:
    """The type in words; a reference to another schema becomes a link to the target with this prefix."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{anchor(prefix, name)})"
    if options := [*schema.get("anyOf", ()), *schema.get("oneOf", ())]:
        return " or ".join(dict.fromkeys(type_of(option, prefix) for option in options if not _is_null(option)))
    if values := schema.get("enum", [schema["const"]] if "const" in schema else []):
        return ", ".join(code(json.dumps(value)) for value in values)
    return _plain_type(schema, prefix)


def _plain_type(schema: Schema, prefix: str) -> str:
    match schema.get("type"):
        case "array":
            return f"list of {type_of(schema.get('items', {}), prefix)}"
        case "object":
            values = schema.get("additionalProperties")
            return f"names with {type_of(values, prefix)}" if isinstance(values, Mapping) else "object"
        case str(kind):
            form = str(schema.get("format", _TYPES[kind]))
            return _FORMATS.get(form, form)
    return "any JSON"


def limits_of(schema: Schema) -> str:
    """The limits in words, including those of alternatives and items."""
    own = [text.format(_range(schema, *keys)) for text, keys in _RANGES.items() if _range(schema, *keys)]
    own += [text.format(schema[key]) for key, text in _LIMITS.items() if key in schema]
    inner = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
    if isinstance(schema.get("items"), Mapping):
        inner.append(schema["items"])
    return ", ".join(dict.fromkeys([*own, *(text for part in inner if (text := limits_of(part)))]))


def _range(schema: Schema, lowest: str, highest: str) -> str:
    low, high = schema.get(lowest), schema.get(highest)
    if low is None or high is None:
        return f"{low} or more" if low is not None else f"{high} or less" if high is not None else ""
    return f"{low} to {high}"


def _is_null(schema: Schema) -> bool:
    return schema.get("type") == "null"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
