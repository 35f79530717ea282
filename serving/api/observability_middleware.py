"""Observability middleware: request ids, timing, counts, the access log, and a 500 for unexpected errors."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from time import perf_counter

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.api.app_state import AppState
from serving.auth.api_keys import Caller
from serving.observability.audit_counter import UNKNOWN_ACTOR
from serving.observability.json_logs import log_error
from serving.problems import DETAILS, Problem

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}", re.ASCII)

_REFUSALS = (401, 403, 429)  # no valid key, no scope for the route, beyond a limit
_CONNECTION_CLOSE = ((b"connection", b"close"),)


class ObservabilityMiddleware:
    """Observability middleware: counts, times and optionally logs each request, and echoes its X-Request-ID."""

    def __init__(self, app: ASGIApp, timer: Callable[[], float] = perf_counter) -> None:
        self._app = app
        self._timer = timer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and observe its response."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        worker: AppState = scope["app"].state.worker
        request_id = _request_id(Headers(scope=scope))
        status = 0

        async def send_observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                closing = _CONNECTION_CLOSE if worker.shutdown.draining else ()
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode()), *closing]
            await send(message)

        started_at = self._timer()
        try:
            await self._app(scope, receive, send_observed)
        except Exception as error:  # noqa: BLE001 - the caller gets a problem, the log its cause
            log_error(worker.log, "request failed", error, request_id=request_id, route=_route(scope))
            if not status:
                await Problem(500, DETAILS[500]).response()(scope, receive, send_observed)
        finally:
            seconds = self._timer() - started_at
            worker.metrics.record_request(scope["method"], _route(scope), status, seconds)
            if status in _REFUSALS:
                worker.audit_counter.count_refusal(_actor(scope), worker.machine_now(), status, _route(scope))
            if worker.access_log:
                fields = {"method": scope["method"], "route": _route(scope), "status": status}
                worker.log.info("request", request_id=request_id, **fields, milliseconds=round(1e3 * seconds, 3))


def _request_id(headers: Headers) -> str:
    sent_id = headers.get("x-request-id", "")
    return sent_id if _REQUEST_ID.fullmatch(sent_id) else secrets.token_hex(8)


def _actor(scope: Scope) -> str:
    caller: Caller | None = scope.get("state", {}).get("caller")
    return UNKNOWN_ACTOR if caller is None else caller.actor


def _route(scope: Scope) -> str:
    """The route's pattern, since the path may hold a customer's id."""
    return getattr(scope.get("route"), "path", "unmatched")
