"""API keys: authentication of a caller by the digest of the key in its request."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from pydantic import SecretStr
from starlette.datastructures import Headers

from serving.auth.key_reload import KeyReloader
from serving.auth.key_store import Keys
from serving.auth.scopes import KeyScope


@dataclass(frozen=True)
class Caller:
    """Caller: the actor that the audit log names, and the scopes of its key."""

    actor: str  # client and key id with a slash between, "environment", or "open" where there are no keys
    scopes: tuple[KeyScope, ...]


ANONYMOUS = Caller("open", (KeyScope.ADMIN,))
ENVIRONMENT_CALLER = Caller("environment", (KeyScope.ADMIN,))


class ApiKeys:
    """API keys of the service, as digests; a service without any key and without keys.json needs no key."""

    def __init__(self, environment: Iterable[SecretStr], reloader: KeyReloader | None = None) -> None:
        self._environment_digests = tuple(
            (_digest(key.get_secret_value().encode()), ENVIRONMENT_CALLER) for key in environment
        )
        self._reloader = reloader
        self._stored_keys: Keys | None = None
        self._digests = self._environment_digests

    def authenticate(self, headers: Headers) -> Caller | None:
        """The caller whose API key is in the headers, None for an unknown key; keys are compared in constant time."""
        stored = None if self._reloader is None else self._reloader.current_keys()
        if stored is not self._stored_keys:
            self._stored_keys = stored
            self._digests = (*self._environment_digests, *_callers(stored or ()))
        if stored is None and not self._environment_digests:
            return ANONYMOUS
        presented = _digest(_presented_key(headers).encode("latin-1"))
        matches = [caller for digest, caller in self._digests if hmac.compare_digest(presented, digest)]
        return matches[0] if matches else None


def _callers(keys: Keys) -> Iterable[tuple[bytes, Caller]]:
    return ((bytes.fromhex(key.sha256), Caller(f"{key.client}/{key.id}", key.scopes)) for key in keys)


def _digest(key: bytes) -> bytes:
    return sha256(key).digest()


def _presented_key(headers: Headers) -> str:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", "")
