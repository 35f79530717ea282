"""Error pages: every error below /app/ as a page in the language of the browser, with the status and its headers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.api.dependencies import app_state_of
from serving.api.pages import PAGE_PATH, STATIC_PATH
from serving.problems import MEDIA_TYPE
from serving.web.rendering import render

_OWN_TEXTS = (401, 403, 404, 405, 409, 413, 422, 429, 500, 503)  # statuses with texts of their own
_REPLACED = {"content-length", "content-type"}


@dataclass(frozen=True)
class ErrorView:
    """Error view: what the page of an error shows."""

    status: int
    kind: str  # the key of its texts
    detail: str
    errors: tuple[Mapping[str, str], ...]
    retry_seconds: int | None  # after which the page asks again by itself; None where that does not help


class ErrorPageMiddleware:
    """Error page middleware: replaces problem details (RFC 9457) of the page's paths by HTML."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and its response too unless it is a problem of the page."""
        if scope["type"] == "http" and _is_of_page(scope["path"]):
            send = _ProblemAsPage(Request(scope), send).send
        await self._app(scope, receive, send)


@dataclass
class _ProblemAsPage:
    """A response on its way: a problem is collected and rendered, anything else passes through."""

    request: Request
    forward: Send
    start: Message | None = None
    body: bytearray = field(default_factory=bytearray)

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_problem(message):
            self.start = message
        elif self.start is None:
            await self.forward(message)
        else:
            self.body += message.get("body", b"")
            if not message.get("more_body"):
                await self._send_page(self.start)

    async def _send_page(self, start: Message) -> None:
        problem: dict[str, Any] = orjson.loads(bytes(self.body) or b"{}")
        headers = Headers(raw=start["headers"])
        response = render(self.request, "frame/error.html", _error_view(self.request, start, problem), start["status"])
        try:
            await response.complete()
        except Exception as error:  # noqa: BLE001 - whatever fails while rendering, the problem itself can be sent
            app_state_of(self.request).log.error("error page not rendered", error=type(error).__name__)
            await self.forward(start)
            await self.forward({"type": "http.response.body", "body": bytes(self.body)})
            return
        sent_headers = MutableHeaders(raw=response.raw_headers)
        for name, value in headers.items():
            if name not in _REPLACED and name not in sent_headers:
                sent_headers[name] = value
        await self.forward({"type": "http.response.start", "status": start["status"], "headers": sent_headers.raw})
        await self.forward({"type": "http.response.body", "body": response.body})


def _error_view(request: Request, start: Message, problem: Mapping[str, Any]) -> ErrorView:
    retry_after = Headers(raw=start["headers"]).get("retry-after", "")
    can_repeat = request.method == "GET" and retry_after.isdigit()
    status: int = start["status"]
    return ErrorView(
        status=status,
        kind=str(status) if status in _OWN_TEXTS else "other",
        detail=problem.get("detail", ""),
        errors=tuple(problem.get("errors", ())),
        retry_seconds=int(retry_after) if can_repeat else None,
    )


def _is_of_page(path: str) -> bool:
    return path == PAGE_PATH.rstrip("/") or (path.startswith(PAGE_PATH) and not path.startswith(STATIC_PATH))


def _is_problem(start: Message) -> bool:
    return Headers(raw=start["headers"]).get("content-type", "").startswith(MEDIA_TYPE)
