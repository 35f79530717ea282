"""Who may ask? Whoever sends one of the API keys; the probes are for everybody."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from hashlib import sha256

from pydantic import SecretStr
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.problems import DETAILS, Problem

PROBES = frozenset({"/livez", "/readyz"})


class ApiKeys:
    """The digests of the keys that open the service; without any, it is open."""

    def __init__(self, keys: Iterable[SecretStr]) -> None:
        self._digests = tuple(sha256(key.get_secret_value().encode()).digest() for key in keys)

    def open_to(self, headers: Headers) -> bool:
        """Whether the request brought a key; takes as long for a wrong one as for a right one."""
        if not self._digests:
            return True
        found = sha256(_brought(headers).encode("latin-1")).digest()
        matches = [hmac.compare_digest(found, digest) for digest in self._digests]
        return any(matches)


class Locked:
    """Turns away whoever brings no key, before anything else is looked at."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets the request through, or answers 401."""
        if scope["type"] == "http" and scope["path"] not in PROBES:
            keys: ApiKeys = scope["app"].state.worker.keys
            if not keys.open_to(Headers(scope=scope)):
                refusal = Problem(401, DETAILS[401], headers={"WWW-Authenticate": "Bearer"}).response()
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _brought(headers: Headers) -> str:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", "")
