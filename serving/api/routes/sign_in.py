"""Sign-in routes: a person signs in with an API key in a browser, and out again; and the root of the service."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from serving.api.auth_middleware import accepts_html, client_address
from serving.api.dependencies import app_state_of, json_response
from serving.api.openapi import OPENAPI_PATH
from serving.api.pages import DOCS_PATH, SIGN_IN_PATH, asset, page
from serving.api.request_parsing import form_body
from serving.api.routing import router
from serving.auth.scopes import PUBLIC, SessionScope
from serving.auth.sessions import COOKIE
from serving.problems import Problem

_FORM = """<main><h1>Flywheel</h1>
<p>The documentation of this service is for holders of an API key.</p>{message}
<form method="post" action="/sign-in"><label for="key">API key</label>
<input id="key" name="key" type="password" autocomplete="off" required autofocus>
<button>Sign in</button></form>
<p class="note">The browser keeps a signed cookie for {hours:g} hours, not the key. Who runs the service creates keys
with <code>flywheel keys create</code>.</p></main>"""

ROUTER = router()


@ROUTER.get("/", dependencies=[PUBLIC], include_in_schema=False)
async def root(request: Request) -> Response:
    """The root: a browser is led to the documentation, a program gets the paths from which to begin."""
    if accepts_html(request.headers):
        return RedirectResponse(DOCS_PATH, 303)
    return json_response({"documentation": DOCS_PATH, "openapi": OPENAPI_PATH, "ready": "/readyz", "alive": "/livez"})


@ROUTER.get(SIGN_IN_PATH, dependencies=[PUBLIC], include_in_schema=False)
async def sign_in_page(request: Request) -> Response:
    """The form that asks for a key; a service without keys needs none."""
    if not app_state_of(request).api_keys.is_needed:
        return RedirectResponse(DOCS_PATH, 303)
    return _form(request)


@ROUTER.get(f"{SIGN_IN_PATH}/style.css", dependencies=[PUBLIC], include_in_schema=False)
async def style_sheet(request: Request) -> Response:  # noqa: ARG001 - the framework passes it
    """The style sheet of the pages."""
    return asset("style.css", "text/css")


@ROUTER.post(SIGN_IN_PATH, dependencies=[PUBLIC], include_in_schema=False)
async def sign_in(request: Request) -> Response:
    """Check the key of the form and set the cookie of a session; wrong keys of an address are limited."""
    _require_same_origin(request)
    app_state = app_state_of(request)
    key = await _key_in_form(request)
    try:
        caller = await app_state.authenticator.caller_of(key, client_address(request.scope))
    except Problem as refusal:
        return _form(request, refusal.detail, refusal.status, refusal.headers)
    if caller is None:
        return _form(request, "This key is not valid, or it was revoked. Expected an active API key.", 401)
    response = RedirectResponse(DOCS_PATH, 303, {"Cache-Control": "no-store"})
    if caller.key_id:
        token = app_state.sessions.create(caller, SessionScope.DOCUMENTATION)
        seconds = int(app_state.sessions.hours * 3600)
        response.set_cookie(COOKIE, token, seconds, secure=_is_https(request), httponly=True, samesite="strict")
    return response


@ROUTER.post("/sign-out", dependencies=[PUBLIC], include_in_schema=False)
async def sign_out(request: Request) -> Response:
    """Remove the cookie of the session from the browser."""
    _require_same_origin(request)
    response = RedirectResponse(SIGN_IN_PATH, 303, {"Cache-Control": "no-store"})
    response.delete_cookie(COOKIE, secure=_is_https(request), httponly=True, samesite="strict")
    return response


def _form(request: Request, message: str = "", status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    shown = f'<p class="error" role="alert">{escape(message)}</p>' if message else ""
    response = page(
        "Sign in - Flywheel",
        _FORM.format(message=shown, hours=app_state_of(request).sessions.hours),
        status=status,
    )
    response.headers.update(headers or {})
    return response


async def _key_in_form(request: Request) -> str:
    """The key in a submitted form, as a header would hold it.

    Raises:
        Problem: as ``form_body``.
    """
    fields = parse_qs((await form_body(request)).decode("utf-8", "replace"))
    return fields.get("key", [""])[0].strip().encode().decode("latin-1")


def _require_same_origin(request: Request) -> None:
    """Refuse a form that a page of another site sent; ``HostMiddleware`` has refused those with a foreign Origin."""
    if request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        raise Problem(403, "Found a form of another site; expected one of this service. Open /sign-in and try again.")


def _is_https(request: Request) -> bool:
    forwarded = request.headers.get("x-forwarded-proto", "")
    return "https" in (request.url.scheme, forwarded.split(",")[0].strip().lower())
