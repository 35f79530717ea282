"""Configuration reference: every section and key of flywheel.toml, from the models that validate the file."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from docs._ext.markdown import Schema, anchor, code, limits_of, section, table, type_of
from features.config.shop import ShopConfig

PREFIX = "config"
_LARGEST_DEFAULT = 60  # characters; longer defaults are whole sections with keys and defaults of their own


def configuration() -> str:
    """A section per model with its keys, in the order in which the models declare them."""
    whole = ShopConfig.model_json_schema()
    models: Mapping[str, Schema] = whole["$defs"]
    used = Counter(name for schema in [whole, *models.values()] for name in _references(schema))
    titles = {name: title for name, title in _titles(whole, models, "") if used[name] == 1}
    parts = [section(2, "Top level", anchor(PREFIX, "Description"), _keys(whole, models))]
    for name in [*titles, *sorted(set(models) - set(titles), reverse=True)]:
        title = code(titles[name]) if name in titles else name
        parts.append(
            section(2, title, anchor(PREFIX, name), models[name].get("description", ""), _keys(models[name], models))
        )
    return "\n".join(parts)


def _keys(model: Schema, models: Mapping[str, Schema]) -> str:
    required = model.get("required", ())
    rows = [
        [
            code(key),
            type_of(schema, PREFIX),
            _default(schema, required=key in required),
            limits_of(schema),
            _meaning(schema, models),
        ]
        for key, schema in model["properties"].items()
        if " " not in key
    ]
    return table(["key", "type", "default", "limits", "meaning"], rows)


def _default(schema: Schema, *, required: bool) -> str:
    if required:
        return "required"
    text = json.dumps(schema.get("default"))
    if text in ("null", "{}"):
        return "none"
    return code(text) if len(text) <= _LARGEST_DEFAULT else "see the section"


def _meaning(schema: Schema, models: Mapping[str, Schema]) -> str:
    """The description of the key; pydantic omits it if it equals the description of the section."""
    described = [schema, *(models[name] for name in _references(schema))]
    return next((str(part["description"]) for part in described if "description" in part), "")


def _titles(model: Schema, models: Mapping[str, Schema], path: str) -> Iterator[tuple[str, str]]:
    """The name of every nested model, with the header of its section in the file."""
    for key, schema in model["properties"].items():
        for name in _references(schema):
            location = f"{path}{key}"
            if schema.get("type") == "array":
                yield name, f"[[{location}]]"
            elif "additionalProperties" in schema:
                yield name, f"[{location}.NAME]"
            else:
                yield name, f"[{location}]"
            yield from _titles(models[name], models, f"{location}.")


def _references(schema: Any) -> Iterator[str]:  # noqa: ANN401 -- any part of a JSON Schema
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield schema["$ref"].rpartition("/")[2]
        for key, part in schema.items():
            if key != "$defs":
                yield from _references(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _references(part)
