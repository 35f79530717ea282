"""OpenAPI: the document of all routes, and the parts of it that routes declare."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, get_args

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from serving.audiences.schema import AudienceRequest
from serving.problems import DETAILS, MEDIA_TYPE
from serving.schemas.predictions import MAX_ID_LENGTH, Part, PredictionRequest, ProblemDetails
from serving.schemas.privacy import ConsentChanges

OPENAPI_PATH = "/openapi.json"
CUSTOMER_ID_PARAMETER = {
    "name": "customer_id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_ID_LENGTH},
    "description": "The id as in the shop's log, percent-encoded.",
}
PREDICTION_PARAMETERS = {
    "parameters": [
        CUSTOMER_ID_PARAMETER,
        {
            "name": "as_of",
            "in": "query",
            "schema": {"type": "string", "examples": ["2026-11-21"]},
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
    ]
}


def openapi_document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of all routes, built once; models that no route declares by type are added."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        _, schemas = models_json_schema(
            [(model, "validation") for model in (PredictionRequest, ConsentChanges, AudienceRequest, ProblemDetails)],
            ref_template="#/components/schemas/{model}",
        )
        document["components"]["schemas"].update(schemas["$defs"])
        document["components"]["securitySchemes"] = {
            "bearer": {"type": "http", "scheme": "bearer"},
            "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        }
        document["security"] = [{}, {"bearer": []}, {"header": []}]
        app.openapi_schema = document
    return app.openapi_schema


def request_body(model: type[BaseModel]) -> dict[str, Any]:
    """The OpenAPI description of a route's JSON request body."""
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}}
    return {"requestBody": {"required": True, "content": content}}


def path_parameter(name: str, description: str) -> dict[str, Any]:
    """A path parameter of type text."""
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}, "description": description}


def query_parameters(model: type[BaseModel]) -> list[dict[str, Any]]:
    """The OpenAPI descriptions of query parameters: one for each field of a model."""
    fields: dict[str, Any] = model.model_json_schema()["properties"]
    return [{"name": name, "in": "query", "schema": schema} for name, schema in fields.items()]


def success_and_problem_responses(model: type[BaseModel], *statuses: int) -> dict[int | str, dict[str, Any]]:
    """The success response of a route, and its problem responses."""
    return {200: {"model": model}, **problem_responses(*statuses)}


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problem responses of a route; 500 is always among them."""
    schema = {"$ref": f"#/components/schemas/{ProblemDetails.__name__}"}
    return {
        status: {
            "description": DETAILS.get(status, HTTPStatus(status).phrase),
            "content": {MEDIA_TYPE: {"schema": schema}},
        }
        for status in (*statuses, 500)
    }
