"""Rendering: templates with their view models as HTML pages, in the language of the request, with security headers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache

from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.types import Receive, Scope, Send

from serving.api.dependencies import app_state_of
from serving.web.compression import accepts, compress
from serving.web.environment import environment
from serving.web.forms import FORM_COOKIE, form_token, set_private_cookie
from serving.web.frame import Frame, frame_of
from serving.web.language import LANGUAGE_COOKIE, chosen_language, language_of

_NO_FRAME = ("'none'",)
_YEAR_SECONDS = 365 * 86_400


@dataclass(frozen=True)
class RenderedPage:
    """Rendered page: its bytes as the browser accepts them, and the headers that say so."""

    body: bytes
    headers: dict[str, str]


@dataclass(frozen=True)
class PageRequest:
    """Page request: what a template needs besides its view; another process can receive it."""

    frame: Frame
    accepts_gzip: bool
    new_form_cookie: str | None = field(repr=False)  # of a browser without one

    @classmethod
    def of(cls, request: Request) -> PageRequest:
        """Return what a template needs of an HTTP request."""
        language = language_of(request)
        token, new_cookie = form_token(request)
        return cls(frame_of(request, language, token), accepts("gzip", request.headers), new_cookie)

    def render(self, name: str, view: object) -> RenderedPage:
        """Render the template ``section/name.html`` with a view model as ``view``, and the frame as ``frame``."""
        html = environment(self.frame.language).get_template(name).render(view=view, frame=self.frame)
        return RenderedPage(*compress(html.encode(), accepts_gzip=self.accepts_gzip))


class PageResponse(HTMLResponse):
    """Page response: it is rendered in a thread when it is sent, so that predictions do not wait for it."""

    def __init__(self, render: Callable[[], RenderedPage], status: int, headers: dict[str, str]) -> None:
        """Set what renders the page, and the status and headers."""
        super().__init__(None, status, headers)
        self._render = render

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Render the page and send it."""
        await self.complete()
        await super().__call__(scope, receive, send)

    async def complete(self) -> None:
        """Render the page, and set the headers that its length and compression decide."""
        page = await asyncio.get_running_loop().run_in_executor(_page_executor(), self._render)
        self.body = page.body
        self.headers.update({**page.headers, "Content-Length": str(len(self.body))})


@cache
def _page_executor() -> ThreadPoolExecutor:
    """The thread that renders pages: one, because a second would only take the processor from predictions."""
    return ThreadPoolExecutor(1, "pages")


def render(request: Request, name: str, view: object = None, status: int = 200) -> PageResponse:
    """The template ``section/name.html`` with a view model as ``view``, and the frame as ``frame``."""
    page_request = PageRequest.of(request)
    headers = security_headers(app_state_of(request).frame_ancestors)
    response = PageResponse(lambda: page_request.render(name, view), status, headers)
    _set_cookies(request, response, page_request)
    return response


def respond(request: Request, page_request: PageRequest, page: RenderedPage, status: int) -> HTMLResponse:
    """The response with a page that is rendered already."""
    headers = {**security_headers(app_state_of(request).frame_ancestors), **page.headers}
    response = HTMLResponse(page.body, status, headers)
    _set_cookies(request, response, page_request)
    return response


def _set_cookies(request: Request, response: HTMLResponse, page_request: PageRequest) -> None:
    if page_request.new_form_cookie:
        set_private_cookie(request, response, FORM_COOKIE, page_request.new_form_cookie)
    if chosen_language(request):
        set_private_cookie(request, response, LANGUAGE_COOKIE, page_request.frame.language, _YEAR_SECONDS)


def security_headers(frame_ancestors: tuple[str, ...]) -> dict[str, str]:
    """Security headers of every page; nothing is loaded from another host, and no script or style is inline.

    The referrer policy is ``same-origin``: with ``no-referrer`` browsers send forms with the origin ``null``.
    """
    return {
        "Content-Security-Policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
            f"base-uri 'none'; form-action 'self'; frame-ancestors {' '.join(frame_ancestors or _NO_FRAME)}"
        ),
        "Cache-Control": "no-store",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }
