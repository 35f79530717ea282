"""Sign-in routes: a person signs in with an API key in a browser, and out again; and the root of the service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from serving.api.auth_middleware import accepts_html, client_address
from serving.api.dependencies import app_state_of, json_response
from serving.api.openapi import OPENAPI_PATH
from serving.api.pages import DOCS_PATH, PAGE_PATH, SIGN_IN_PATH, SIGN_OUT_PATH, is_page
from serving.api.request_parsing import form_body
from serving.api.routing import router
from serving.auth.route_access import PUBLIC
from serving.auth.scopes import SessionScope
from serving.auth.sessions import COOKIE
from serving.problems import Problem
from serving.web.forms import is_https, require_same_origin, set_private_cookie
from serving.web.rendering import render

NEXT_PARAMETER = "next"  # the page that the person wanted
_NO_STORE = {"Cache-Control": "no-store"}

ROUTER = router()


@dataclass(frozen=True)
class SignInView:
    """Sign-in view: the form, and why an earlier key was refused."""

    hours: float
    next_page: str
    refusal: str | None = None  # the key of a text
    retry_seconds: int = 0


@ROUTER.get("/", dependencies=[PUBLIC], include_in_schema=False)
async def root(request: Request) -> Response:
    """The root: a browser is led to the page, a program gets the paths from which to begin."""
    if accepts_html(request.headers):
        return RedirectResponse(_home(request), 303)
    return json_response({"documentation": DOCS_PATH, "openapi": OPENAPI_PATH, "ready": "/readyz", "alive": "/livez"})


@ROUTER.get("/sign-in", dependencies=[PUBLIC], include_in_schema=False)
async def earlier_sign_in_page(request: Request) -> Response:  # noqa: ARG001 - the framework passes it
    """The address of the form in earlier versions."""
    return RedirectResponse(SIGN_IN_PATH, 308)


@ROUTER.get(SIGN_IN_PATH, dependencies=[PUBLIC], include_in_schema=False)
async def sign_in_page(request: Request) -> Response:
    """The form that asks for a key; a service without keys needs none."""
    next_page = _next_page(request, request.query_params.get(NEXT_PARAMETER, ""))
    if not app_state_of(request).api_keys.is_needed:
        return RedirectResponse(next_page, 303, _NO_STORE)
    return _form(request, next_page)


@ROUTER.post(SIGN_IN_PATH, dependencies=[PUBLIC], include_in_schema=False)
async def sign_in(request: Request) -> Response:
    """Check the key of the form and set the cookie of a session; wrong keys of an address are limited."""
    require_same_origin(request)
    app_state = app_state_of(request)
    fields = parse_qs((await form_body(request)).decode("utf-8", "replace"))
    # As a header would hold the key: its bytes read as Latin-1.
    key = fields.get("key", [""])[0].strip().encode().decode("latin-1")
    next_page = _next_page(request, fields.get(NEXT_PARAMETER, [""])[0])
    try:
        caller = await app_state.authenticator.caller_of(key, client_address(request.scope))
    except Problem as refusal:
        return _refusal(request, next_page, "too_many_keys", refusal.status, refusal.headers)
    if caller is None:
        return _refusal(request, next_page, "wrong_key", 401)
    response = RedirectResponse(next_page, 303, _NO_STORE)
    if caller.key_id:
        scope = SessionScope.PAGE if app_state.page else SessionScope.DOCUMENTATION
        token, seconds = app_state.sessions.create(caller, scope), int(app_state.sessions.hours * 3600)
        set_private_cookie(request, response, COOKIE, token, seconds)
    return response


@ROUTER.post(SIGN_OUT_PATH, dependencies=[PUBLIC], include_in_schema=False)
async def sign_out(request: Request) -> Response:
    """Remove the cookie of the session from the browser."""
    require_same_origin(request)
    response = RedirectResponse(SIGN_IN_PATH, 303, _NO_STORE)
    response.delete_cookie(COOKIE, secure=is_https(request), httponly=True, samesite="strict")
    return response


def _form(request: Request, next_page: str) -> Response:
    return render(request, "frame/sign_in.html", SignInView(app_state_of(request).sessions.hours, next_page))


def _refusal(
    request: Request, next_page: str, refusal: str, status: int, headers: Mapping[str, str] | None = None
) -> Response:
    seconds = int((headers or {}).get("Retry-After", "0"))
    view = SignInView(app_state_of(request).sessions.hours, next_page, refusal, seconds)
    response = render(request, "frame/sign_in.html", view, status)
    response.headers.update(headers or {})
    return response


def _home(request: Request) -> str:
    return PAGE_PATH if app_state_of(request).page else DOCS_PATH


def _next_page(request: Request, wanted: str) -> str:
    """A wanted page of this service; the first page instead of anything else, which could be of another site."""
    try:
        path = urlsplit(wanted).path
    except ValueError:
        return _home(request)
    is_own = wanted.startswith(path) and is_page(path) and path not in (SIGN_IN_PATH, SIGN_OUT_PATH)
    return wanted if is_own and wanted.isprintable() and "\\" not in wanted else _home(request)
