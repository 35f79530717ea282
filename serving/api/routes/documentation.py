"""Documentation routes: the OpenAPI document, and its Swagger UI page, which needs no internet."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from fastapi.openapi.docs import get_swagger_ui_html
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from serving.api.dependencies import json_response
from serving.api.openapi import OPENAPI_PATH
from serving.api.routing import router
from serving.auth.scopes import ANY_KEY
from serving.problems import DETAILS, Problem

ROUTER = router()
_ASSETS = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon-light-32x32.png": "image/png",
}


@ROUTER.get(OPENAPI_PATH, dependencies=[ANY_KEY], include_in_schema=False)
async def get_openapi_document(request: Request) -> Response:
    """The OpenAPI document of all routes."""
    return json_response(request.app.openapi())


@ROUTER.get("/docs", dependencies=[ANY_KEY], include_in_schema=False)
async def docs_page(request: Request) -> Response:
    """The Swagger UI page of the OpenAPI document."""
    base = request.url.path.rstrip("/")
    return get_swagger_ui_html(
        openapi_url=OPENAPI_PATH,
        title=request.app.title,
        swagger_js_url=f"{base}/swagger-ui-bundle.js",
        swagger_css_url=f"{base}/swagger-ui.css",
        swagger_favicon_url=f"{base}/favicon-light-32x32.png",
    )


@ROUTER.get("/docs/{name}", dependencies=[ANY_KEY], include_in_schema=False)
async def docs_asset(request: Request) -> Response:
    """A script, style sheet or icon of the Swagger UI page."""
    name = request.path_params["name"]
    if name not in _ASSETS:
        raise Problem(404, DETAILS[404])
    return FileResponse(_asset_folder() / name, media_type=_ASSETS[name])


def _asset_folder() -> Path:
    """The folder in the BentoML package that contains the files of the page; BentoML itself is not imported."""
    spec = find_spec("bentoml")
    if spec is None or spec.origin is None:
        raise Problem(404, "The page's files come with BentoML, which is not installed.")
    return Path(spec.origin).parent / "_internal" / "server" / "static_content"
