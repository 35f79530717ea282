"""Host middleware: refuses requests for another host and from pages of another site, before a key is asked for.

A page can point its own name at this machine (DNS rebinding), and a browser then sends that name in ``Host``. Without
keys nothing else would stop the page from reading and forgetting customers.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.api.app_state import AppState
from serving.problems import Problem

_PORT = re.compile(r":\d*\Z", re.ASCII)
_DEFAULT_PORT = re.compile(r":(80|443)?\Z", re.ASCII)
_REMEDY = "Name it in FLYWHEEL_ALLOWED_HOSTS if it is this service's."


class HostMiddleware:
    """Host middleware: 421 for a host that is not this service's, 403 for a page of another site."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer with a problem."""
        if scope["type"] == "http":
            worker: AppState = scope["app"].state.worker
            headers = Headers(scope=scope)
            problem = _host_problem(headers, worker) or _origin_problem(headers, worker.allowed_hosts)
            if problem is not None:
                await problem.response()(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _host_problem(headers: Headers, worker: AppState) -> Problem | None:
    if worker.api_keys.is_needed and not worker.allowed_hosts:
        return None
    hosts = headers.getlist("host")
    name = _PORT.sub("", hosts[0]).lower() if len(hosts) == 1 else ""
    if _is_local(name) or name in worker.allowed_hosts:
        return None
    names = ", ".join(["localhost", "127.0.0.1", "[::1]", *worker.allowed_hosts])
    return Problem(421, f"Found {', '.join(hosts)!a} as Host; expected one of {names}. {_REMEDY}")


def _origin_problem(headers: Headers, allowed_hosts: Collection[str]) -> Problem | None:
    """The problem of a request that a page of another site made; only browsers send an origin."""
    origins = headers.getlist("origin")
    if not origins:
        return None
    origin = ", ".join(origins)
    authority = _authority(origin)
    own = _DEFAULT_PORT.sub("", headers.get("host", "").lower())
    if authority and (_DEFAULT_PORT.sub("", authority) == own or _PORT.sub("", authority) in allowed_hosts):
        return None
    return Problem(403, f"Found {origin!a} as Origin; expected a page of this service, or no page. {_REMEDY}")


def _authority(origin: str) -> str:
    """Host and port of an origin; empty for one that has none."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _is_local(name: str) -> bool:
    """Whether a host is this machine by a name that no other site can have."""
    if name == "localhost":
        return True
    try:
        return ip_address(name.removeprefix("[").removesuffix("]")).is_loopback
    except ValueError:
        return False
