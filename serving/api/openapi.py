"""OpenAPI: the document of all routes, and the parts of it that routes declare."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, get_args

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from serving.audiences.schema import AudienceRequest
from serving.moments import DATETIME_SCHEMA
from serving.problems import DETAILS, MEDIA_TYPE
from serving.schemas.effects import EffectRequest
from serving.schemas.experiments import DecisionRequest, ExperimentExtension
from serving.schemas.intake import ExposuresRequest, OutcomesRequest
from serving.schemas.predictions import Part, PredictionRequest, ProblemDetails
from serving.schemas.privacy import ConsentChanges
from serving.schemas.tags import TagExportRequest
from training.experiments.record.experiment import Experiment

# The models that no route declares by type: requests, which routes read themselves, and problems.
_UNDECLARED_MODELS: tuple[type[BaseModel], ...] = (
    PredictionRequest,
    ConsentChanges,
    EffectRequest,
    AudienceRequest,
    Experiment,
    ExperimentExtension,
    DecisionRequest,
    ExposuresRequest,
    OutcomesRequest,
    TagExportRequest,
    ProblemDetails,
)
Responses = dict[int | str, dict[str, Any]]
OPENAPI_PATH = "/openapi.json"


def _path_parameter(name: str, description: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}, "description": description}


CUSTOMER_ID_PARAMETER = {
    "name": "customer_id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "minLength": 1},
    "description": "The id as in the shop's log, percent-encoded.",
}
AUDIENCE_ID_PARAMETER = _path_parameter("audience_id", "The audience_id of the answer to `POST /v1/audiences`.")
TAG_EXPORT_ID_PARAMETER = _path_parameter(
    "export_id", "The export_id of the answer to `POST /v1/audiences/{audience_id}/tag-changes`."
)
EXPERIMENT_ID_PARAMETER = _path_parameter("experiment_id", "The id of the experiment, as its record has it.")
ARM_PARAMETER = _path_parameter("arm", "The name of the arm.")
START_PARAMETER = {
    "name": "start",
    "in": "query",
    "schema": {"type": "boolean", "default": True},
    "description": "False for a dry run, which only says what the experiment can show.",
}
PREDICTION_PARAMETERS = {
    "parameters": [
        CUSTOMER_ID_PARAMETER,
        {
            "name": "as_of",
            "in": "query",
            "schema": {**DATETIME_SCHEMA, "examples": ["2026-11-21"]},
            "description": "The instant that the predictions are for. Default: the beginning of the shop's day.",
        },
        {
            "name": "include",
            "in": "query",
            "explode": False,
            "schema": {
                "type": "array",
                "items": {"enum": [*get_args(Part)]},
            },
            "description": "Parts of the answer, separated by commas. Default: all but reasons.",
        },
        {
            "name": "curve",
            "in": "query",
            "schema": {"type": "boolean", "default": False},
            "description": "Whether next_purchase has P(order) within each of 1 to 90 days too.",
        },
    ]
}


def openapi_document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of all routes, built once; models that no route declares by type are added."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        _, schemas = models_json_schema(
            [(model, "validation") for model in _UNDECLARED_MODELS],
            ref_template="#/components/schemas/{model}",
        )
        document["components"]["schemas"].update(schemas["$defs"])
        document["components"]["securitySchemes"] = {
            "bearer": {"type": "http", "scheme": "bearer"},
            "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        }
        document["security"] = [{}, {"bearer": []}, {"header": []}]
        for path, operations in document["paths"].items():
            for operation in operations.values():
                _add_common_responses(path, operation)
        app.openapi_schema = _without_null_defaults(document)
    return app.openapi_schema


def _add_common_responses(path: str, operation: dict[str, Any]) -> None:
    """Add the problems that a request may get before its route: for its host, headers, key or an odd path."""
    statuses = [403, 421, 431]
    if "401" in operation["responses"]:
        statuses.append(429)
    if "{" in path:
        statuses += [404, 405]  # an id of dots or slashes leads to another path
    common = {str(status): response for status, response in problem_responses(*statuses).items()}
    operation["responses"] = dict(sorted({**common, **operation["responses"]}.items()))


def _without_null_defaults(schema: Any) -> Any:  # noqa: ANN401 - any part of the document
    """A part of the document without ``default: null``, which is no value of a type that null does not belong to."""
    if isinstance(schema, list):
        return [_without_null_defaults(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: _without_null_defaults(part) for name, part in schema.items() if not (name == "default" and part is None)
    }


def request_body(model: type[BaseModel]) -> dict[str, Any]:
    """The OpenAPI description of a route's JSON request body."""
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}}
    return {"requestBody": {"required": True, "content": content}}


def query_parameters(model: type[BaseModel]) -> list[dict[str, Any]]:
    """The OpenAPI descriptions of query parameters: one for each field of a model."""
    document = model.model_json_schema()
    required = document.get("required", ())
    return [
        _query_parameter(name, schema, required=name in required) for name, schema in document["properties"].items()
    ]


def _query_parameter(name: str, schema: Mapping[str, Any], *, required: bool) -> dict[str, Any]:
    described = {key: value for key, value in schema.items() if key != "description"}
    parameter = {"name": name, "in": "query", "required": required, "schema": described}
    return parameter | ({"description": schema["description"]} if "description" in schema else {})


def success_and_problem_responses(model: type[BaseModel], *statuses: int) -> Responses:
    """The success response of a route, and its problem responses."""
    return {200: {"model": model}, **problem_responses(*statuses)}


def with_media_types(responses: Responses, *media_types: str) -> Responses:
    """The responses of a route whose success also comes in other media types, as text or as bytes."""
    content = {
        media: {"schema": {"type": "string", **({} if media.startswith("text/") else {"format": "binary"})}}
        for media in media_types
        if media != "application/json"
    }
    return {**responses, 200: {**responses[200], "content": content}}


def problem_responses(*statuses: int) -> Responses:
    """The problem responses of a route; 500 is always among them."""
    schema = {"$ref": f"#/components/schemas/{ProblemDetails.__name__}"}
    return {
        status: {
            "description": DETAILS.get(status, HTTPStatus(status).phrase),
            "content": {MEDIA_TYPE: {"schema": schema}},
        }
        for status in (*statuses, 500)
    }
