"""Where does a caller read how to ask? One OpenAPI document, and a page that shows it without the internet."""

from __future__ import annotations

from http import HTTPStatus
from importlib.util import find_spec
from pathlib import Path
from typing import Any, get_args

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from serving.audiences.schema import AudienceRequest
from serving.privacy.consents import ConsentChanges
from serving.problems import DETAILS, MEDIA_TYPE, Problem
from serving.schemas.predictions import MAX_ID_LENGTH, Part, PredictionRequest, ProblemDetails

OPENAPI_PATH = "/openapi.json"
CUSTOMER_ID_PARAMETER = {
    "name": "customer_id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_ID_LENGTH},
    "description": "As it stands in the shop's log, percent-encoded.",
}
PREDICTION_PARAMETERS = {
    "parameters": [
        CUSTOMER_ID_PARAMETER,
        {
            "name": "as_of",
            "in": "query",
            "schema": {"type": "string", "examples": ["2026-11-21"]},
            "description": "The instant the answer speaks for. Default: the beginning of the shop's day.",
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
_ASSETS = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon-light-32x32.png": "image/png",
}


def openapi_document(app: FastAPI) -> dict[str, Any]:
    """The document of all routes, made once; the models that no route declares by type are added."""
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
    """The body that a route reads by itself."""
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}}
    return {"requestBody": {"required": True, "content": content}}


def path_parameter(name: str, description: str) -> dict[str, Any]:
    """A parameter in the path, of text."""
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}, "description": description}


def query_parameters(model: type[BaseModel]) -> list[dict[str, Any]]:
    """The query parameters that a route checks by a model of its own."""
    fields: dict[str, Any] = model.model_json_schema()["properties"]
    return [{"name": name, "in": "query", "schema": schema} for name, schema in fields.items()]


def success_and_problem_responses(model: type[BaseModel], *statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route answers with, and the problems it may have instead."""
    return {200: {"model": model}, **problem_responses(*statuses)}


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problems a route may answer with, besides the unforeseen."""
    schema = {"$ref": f"#/components/schemas/{ProblemDetails.__name__}"}
    return {
        status: {
            "description": DETAILS.get(status, HTTPStatus(status).phrase),
            "content": {MEDIA_TYPE: {"schema": schema}},
        }
        for status in (*statuses, 500)
    }


async def docs_page(request: Request) -> Response:
    """The page that shows the document and lets one try it."""
    base = request.url.path.rstrip("/")
    return get_swagger_ui_html(
        openapi_url=OPENAPI_PATH,
        title=request.app.title,
        swagger_js_url=f"{base}/swagger-ui-bundle.js",
        swagger_css_url=f"{base}/swagger-ui.css",
        swagger_favicon_url=f"{base}/favicon-light-32x32.png",
    )


async def docs_asset(request: Request) -> Response:
    """A file that the page needs."""
    name = request.path_params["name"]
    if name not in _ASSETS:
        raise Problem(404, DETAILS[404])
    return FileResponse(_asset_folder() / name, media_type=_ASSETS[name])


def _asset_folder() -> Path:
    """BentoML brings the files of the page along; finding them does not import it."""
    found = find_spec("bentoml")
    if found is None or found.origin is None:
        raise Problem(404, "The page's files come with BentoML, which is not installed.")
    return Path(found.origin).parent / "_internal" / "server" / "static_content"
