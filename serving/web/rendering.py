"""Rendering: templates with their view models as HTML pages, in the language of the request, with security headers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.types import Receive, Scope, Send

from serving.api.dependencies import app_state_of
from serving.web.compression import compress
from serving.web.environment import environment
from serving.web.forms import FORM_COOKIE, form_token, set_private_cookie
from serving.web.frame import frame_of
from serving.web.language import LANGUAGE_COOKIE, chosen_language, language_of

_NO_FRAME = ("'none'",)
_YEAR_SECONDS = 365 * 86_400


class PageResponse(HTMLResponse):
    """Page response: its template is rendered in a thread when it is sent, so that predictions do not wait for it."""

    def __init__(self, html: Callable[[], str], request_headers: Headers, status: int, headers: dict[str, str]) -> None:
        """Set what renders the page, the headers of its request, and its own status and headers."""
        super().__init__(None, status, headers)
        self._html = html
        self._request_headers = request_headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Render the page and send it."""
        await self.complete()
        await super().__call__(scope, receive, send)

    async def complete(self) -> None:
        """Render the page, and set the headers that its length and compression decide."""
        self.body, encoding = await asyncio.get_running_loop().run_in_executor(_page_executor(), self._render)
        self.headers.update({**encoding, "Content-Length": str(len(self.body))})

    def _render(self) -> tuple[bytes, dict[str, str]]:
        return compress(self._html().encode(), self._request_headers)


@cache
def _page_executor() -> ThreadPoolExecutor:
    """The thread that renders pages: one, because a second would only take the processor from predictions."""
    return ThreadPoolExecutor(1, "pages")


def render(request: Request, name: str, view: object = None, status: int = 200) -> PageResponse:
    """The template ``section/name.html`` with a view model as ``view``, and the frame as ``frame``."""
    language = language_of(request)
    token, new_cookie = form_token(request)
    frame = frame_of(request, language, token)
    response = PageResponse(
        lambda: environment(language).get_template(name).render(view=view, frame=frame),
        request.headers,
        status,
        security_headers(app_state_of(request).frame_ancestors),
    )
    if new_cookie:
        set_private_cookie(request, response, FORM_COOKIE, new_cookie)
    if chosen_language(request):
        set_private_cookie(request, response, LANGUAGE_COOKIE, language, _YEAR_SECONDS)
    return response


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
