"""HTTP reference: routes with their scopes, and schemas, from the OpenAPI document of the service."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from docs._ext.markdown import Schema, anchor, code, limits_of, section, table, type_of
from serving.api.routing import RawRoute
from serving.app import create_app
from serving.auth.route_access import RouteAccess

PREFIX = "schema"


def http_api() -> str:
    """A section per route with its scope, parameters, body and responses, then a section per schema."""
    app = create_app(_no_worker)
    document = app.openapi()
    access = {
        (method, route.path_format): route.access
        for route in app.routes
        if isinstance(route, RawRoute)
        for method in route.methods or ()
    }
    routes = [
        _route(method.upper(), path, operation, access[method.upper(), path])
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    ]
    schemas = [_schema(name, schema) for name, schema in sorted(document["components"]["schemas"].items())]
    return "\n".join(["## Routes\n", *routes, "## Schemas\n", *schemas])


def _route(method: str, path: str, operation: Mapping[str, Any], access: RouteAccess) -> str:
    key = "a valid key of any scope" if access.scope is None else f"a key with the scope {code(access.scope.value)}"
    name = f"{method} {path}".replace("/", " ").replace("{", "").replace("}", "")
    return section(
        3,
        code(f"{method} {path}"),
        anchor("route", " ".join(name.split())),
        operation.get("description", ""),
        "Public: needs no key." if access.public else f"Needs {key}.",
        _parameters(operation),
        _body(operation),
        _responses(operation),
    )


def _parameters(operation: Mapping[str, Any]) -> str:
    rows = [
        [
            code(parameter["name"]),
            parameter["in"],
            type_of(parameter["schema"], PREFIX),
            limits_of(parameter["schema"]),
            _meaning(parameter),
        ]
        for parameter in operation.get("parameters", ())
    ]
    return table(["parameter", "in", "type", "limits", "meaning"], rows) if rows else ""


def _body(operation: Mapping[str, Any]) -> str:
    content = operation.get("requestBody", {}).get("content", {})
    return " ".join(f"Body, {code(media)}: {type_of(content['schema'], PREFIX)}." for media, content in content.items())


def _responses(operation: Mapping[str, Any]) -> str:
    rows = []
    for status, response in operation["responses"].items():
        kinds = [
            type_of(content["schema"], PREFIX)
            for content in response.get("content", {}).values()
            if content.get("schema")
        ]
        rows.append([code(status), ", ".join(kinds), response["description"]])
    return table(["status", "content", "when"], sorted(rows))


def _schema(name: str, schema: Schema) -> str:
    required = schema.get("required", ())
    rows = [
        [
            code(field),
            type_of(field_schema, PREFIX),
            "required"
            if field in required
            else code(json.dumps(field_schema["default"]))
            if "default" in field_schema
            else "",
            limits_of(field_schema),
            _meaning(field_schema),
        ]
        for field, field_schema in schema.get("properties", {}).items()
    ]
    kind = (
        table(["field", "type", "default", "limits", "meaning"], rows) if rows else f"Type: {type_of(schema, PREFIX)}."
    )
    return section(3, name, anchor(PREFIX, name), schema.get("description", ""), kind)


def _meaning(part: Mapping[str, Any]) -> str:
    return str(part.get("description", ""))


def _no_worker() -> Any:  # noqa: ANN401 -- never called: the document needs routes alone
    raise NotImplementedError
