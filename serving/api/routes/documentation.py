"""Documentation routes: the OpenAPI document, and its Swagger UI page, which needs no internet."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from serving.api.auth_middleware import caller
from serving.api.dependencies import json_response
from serving.api.openapi import OPENAPI_PATH
from serving.api.pages import SCRIPT_POLICY, SIGN_OUT_PATH, asset, page
from serving.api.routing import router
from serving.auth.route_access import ANY_KEY_OR_READER
from serving.problems import DETAILS, Problem

ROUTER = router()
_INITIALIZER = "swagger-initializer.js"
_OWN_ASSETS = {_INITIALIZER: "text/javascript", "style.css": "text/css"}
_ASSETS = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon-light-32x32.png": "image/png",
}
_HEAD = (
    '<link rel="stylesheet" href="/docs/swagger-ui.css"><link rel="icon" href="/docs/favicon-light-32x32.png">'
    f'<script src="/docs/swagger-ui-bundle.js" defer></script><script src="/docs/{_INITIALIZER}" defer></script>'
)
_SIGN_OUT = (
    f'<form class="session" method="post" action="{SIGN_OUT_PATH}"><span>To try a route, pass your API '
    "key under Authorize.</span><button>Sign out</button></form>"
)


@ROUTER.get(OPENAPI_PATH, dependencies=[ANY_KEY_OR_READER], include_in_schema=False)
async def get_openapi_document(request: Request) -> Response:
    """The OpenAPI document of all routes."""
    return json_response(request.app.openapi())


@ROUTER.get("/docs", dependencies=[ANY_KEY_OR_READER], include_in_schema=False)
async def docs_page(request: Request) -> Response:
    """The Swagger UI page of the OpenAPI document."""
    session = _SIGN_OUT if caller(request).session else ""
    return page(request.app.title, f'{session}<div id="swagger-ui"></div>', head=_HEAD, policy=SCRIPT_POLICY)


@ROUTER.get("/docs/{name}", dependencies=[ANY_KEY_OR_READER], include_in_schema=False)
async def docs_asset(request: Request) -> Response:
    """A script, style sheet or icon of the Swagger UI page."""
    name = request.path_params["name"]
    if name in _OWN_ASSETS:
        return asset(name, _OWN_ASSETS[name])
    if name not in _ASSETS:
        raise Problem(404, DETAILS[404])
    return FileResponse(_asset_folder() / name, media_type=_ASSETS[name])


def _asset_folder() -> Path:
    """The folder in the BentoML package that contains the files of the page; BentoML itself is not imported."""
    spec = find_spec("bentoml")
    if spec is None or spec.origin is None:
        raise Problem(404, "The page's files come with BentoML, which is not installed.")
    return Path(spec.origin).parent / "_internal" / "server" / "static_content"
