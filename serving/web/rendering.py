"""Rendering: templates with their view models as HTML pages, in the language of the request, with security headers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

import jinja2
from jinja2.runtime import Context
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.types import Receive, Scope, Send

from serving.api.dependencies import app_state_of
from serving.web import formatting
from serving.web.compression import compress
from serving.web.forms import FORM_COOKIE, form_token, set_private_cookie
from serving.web.frame import frame_of
from serving.web.language import LANGUAGE_COOKIE, Language, chosen_language, language_of
from serving.web.texts import find_text, text

FOLDER = Path(__file__).with_name("templates")
_FORMATS = ("number", "percent")
_TIMES = ("day", "short_day", "weekday", "month", "moment")
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


@cache
def environment(language: Language) -> jinja2.Environment:
    """The templates with the texts and formats of a language; everything that a view contains is escaped."""
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    templates.globals["t"] = jinja2.pass_context(_text_in(language))
    templates.globals["word"] = _word_in(language)
    for name in _FORMATS:
        templates.filters[name] = partial(getattr(formatting, name), language=language)
    templates.filters["money"] = jinja2.pass_context(_money_in(language))
    for name in _TIMES:
        templates.filters[name] = jinja2.pass_context(_time_in(language, name))
    return templates


def _text_in(language: Language) -> Any:  # noqa: ANN401 - a function for templates alone
    def t(context: Context, key: str, **values: object) -> str:
        """The text of the template's section."""
        return text(language, (context.name or "").partition("/")[0], key, **values)

    return t


def _word_in(language: Language) -> Any:  # noqa: ANN401 - a function for templates alone
    def word(kind: str, value: object) -> str | None:
        """The word for a value of a kind such as a band; None for a value that the shop named itself."""
        entry = find_text(language, "words", f"{kind}.{value}")
        return entry if isinstance(entry, str) else None

    return word


def _time_in(language: Language, name: str) -> Any:  # noqa: ANN401 - a function for templates alone
    def time(context: Context, value: date | None) -> str:
        """A day, or an instant in the time zone of the shop."""
        local = value.astimezone(context["frame"].zone) if isinstance(value, datetime) else value
        formatted: str = getattr(formatting, name)(local, language=language)
        return formatted

    return time


def _money_in(language: Language) -> Any:  # noqa: ANN401 - a function for templates alone
    def money(context: Context, value: float | None, currency: str | None = None) -> str:
        """An amount in the shop's currency, or in another."""
        return formatting.money(value, language, currency or context["frame"].currency)

    return money
