"""Static routes: the style sheet, script and icon of the page, which browsers keep for good."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from serving.api.pages import STATIC_PATH
from serving.api.routing import router
from serving.auth.route_access import PUBLIC
from serving.problems import DETAILS, Problem
from serving.web.compression import accepts
from serving.web.static_files import IMMUTABLE, static_files

ROUTER = router()


@ROUTER.get(f"{STATIC_PATH}{{version}}/{{name}}", dependencies=[PUBLIC], include_in_schema=False)
async def get_static_file(request: Request) -> Response:
    """A static file, compressed where the browser can read it so."""
    file = static_files().get(request.path_params["name"])
    if file is None or file.path != request.scope["path"]:
        raise Problem(404, DETAILS[404])
    headers = {"Cache-Control": IMMUTABLE, "X-Content-Type-Options": "nosniff", "Vary": "Accept-Encoding"}
    for coding, content in file.compressed.items():
        if accepts(coding, request.headers):
            return Response(content, headers={**headers, "Content-Encoding": coding}, media_type=file.media_type)
    return Response(file.content, headers=headers, media_type=file.media_type)
