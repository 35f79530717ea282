"""Who may ask what? Whoever sends an API key with the scope for it; the probes are for everybody."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from pydantic import SecretStr
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.auth.key_reload import KeyReloader
from serving.auth.key_store import Keys
from serving.auth.scopes import KeyScope, allows, required_scope
from serving.problems import DETAILS, Problem

PROBE_PATHS = frozenset({"/livez", "/readyz"})


@dataclass(frozen=True)
class Caller:
    """Who asks, as the audit names them, and what they may."""

    actor: str
    scopes: tuple[KeyScope, ...]


ANONYMOUS = Caller("open", (KeyScope.ADMIN,))
ENVIRONMENT_CALLER = Caller("environment", (KeyScope.ADMIN,))


class ApiKeys:
    """The digests of the keys that open the service; without any, and without keys.json, it is open."""

    def __init__(self, environment: Iterable[SecretStr], reloader: KeyReloader | None = None) -> None:
        self._environment_digests = tuple(
            (_digest(key.get_secret_value().encode()), ENVIRONMENT_CALLER) for key in environment
        )
        self._reloader = reloader
        self._stored_keys: Keys | None = None
        self._digests = self._environment_digests

    def authenticate(self, headers: Headers) -> Caller | None:
        """Who brought a key; takes as long for a wrong one as for a right one. None: nobody that we know."""
        stored = None if self._reloader is None else self._reloader.current_keys()
        if stored is not self._stored_keys:
            self._stored_keys = stored
            self._digests = (*self._environment_digests, *_callers(stored or ()))
        if stored is None and not self._environment_digests:
            return ANONYMOUS
        found = _digest(_presented_key(headers).encode("latin-1"))
        matches = [caller for digest, caller in self._digests if hmac.compare_digest(found, digest)]
        return matches[0] if matches else None


class ApiKeyMiddleware:
    """Turns away whoever brings no key, or one without the scope, before anything else is looked at."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets the request through with its actor, or answers 401 or 403."""
        if scope["type"] == "http" and scope["path"] not in PROBE_PATHS:
            keys: ApiKeys = scope["app"].state.worker.api_keys
            caller, wanted = keys.authenticate(Headers(scope=scope)), required_scope(scope["method"], scope["path"])
            if caller is None or not allows(caller.scopes, wanted):
                await _denial_response(caller, wanted)(scope, receive, send)
                return
            scope.setdefault("state", {})["actor"] = caller.actor
        await self._app(scope, receive, send)


def actor(request: Request) -> str:
    """Who asks: client and key id with a slash between, "environment", or "open" where there are no keys."""
    named: str = request.scope["state"]["actor"]
    return named


def _callers(keys: Keys) -> Iterable[tuple[bytes, Caller]]:
    return ((bytes.fromhex(key.sha256), Caller(f"{key.client}/{key.id}", key.scopes)) for key in keys)


def _digest(key: bytes) -> bytes:
    return sha256(key).digest()


def _denial_response(caller: Caller | None, required: KeyScope | None) -> Response:
    if caller is None or required is None:
        return Problem(401, DETAILS[401], headers={"WWW-Authenticate": "Bearer"}).response()
    found = f"Found a key with the scopes {', '.join(caller.scopes)}; expected one with {required}."
    challenge = f'Bearer error="insufficient_scope", scope="{required}"'  # RFC 6750, section 3.1
    return Problem(403, f"{found} Ask for a key that has it.", headers={"WWW-Authenticate": challenge}).response()


def _presented_key(headers: Headers) -> str:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", "")
