"""API keys: authentication of a caller by the digest of the key in its request."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from pydantic import SecretStr
from starlette.datastructures import Headers

from serving.auth.key_reload import KeyReloader
from serving.auth.key_store import Keys
from serving.auth.scopes import KeyScope, SessionScope

ENVIRONMENT = "environment"  # the actor and the id of a key in the environment


@dataclass(frozen=True)
class Caller:
    """Caller: the actor that the audit log names, and the scopes and limits of its key."""

    actor: str  # client and key id with a slash between, "environment", or "open" where there are no keys
    scopes: tuple[KeyScope, ...]
    key_id: str = ""  # empty where there are no keys
    rate: int | None = None  # requests per minute; None is the default of the service, zero no limit
    quota: int | None = None  # customers per day
    key_digest: bytes = field(default=b"", repr=False)
    session: SessionScope | None = None  # the scope of the session by which a person is signed in; None with a key


ANONYMOUS = Caller("open", (KeyScope.ADMIN,))


class ApiKeys:
    """API keys of the service, as digests; a service without any key and without keys.json needs no key."""

    def __init__(self, environment: Iterable[SecretStr], reloader: KeyReloader | None = None) -> None:
        self._environment_callers = tuple(_environment_caller(key) for key in environment)
        self._reloader = reloader
        self._stored_keys: Keys | None = None
        self._callers = self._environment_callers

    def caller_of(self, key: str) -> Caller | None:
        """The caller with this API key, as a header holds it: its bytes read as Latin-1; None for an unknown key.

        Keys are compared in constant time.
        """
        callers = self._current_callers()
        if callers is None:
            return ANONYMOUS
        presented = _digest(key.encode("latin-1"))
        matches = [caller for caller in callers if hmac.compare_digest(presented, caller.key_digest)]
        return matches[0] if matches else None

    def active_callers(self, key_id: str) -> Sequence[Caller]:
        """The callers whose keys have this id: one, or all of the environment."""
        return [caller for caller in self._current_callers() or () if caller.key_id == key_id]

    @property
    def is_needed(self) -> bool:
        """Whether a request needs a key."""
        return self._current_callers() is not None

    def _current_callers(self) -> tuple[Caller, ...] | None:
        """The callers with active keys; None where no key is needed."""
        stored = None if self._reloader is None else self._reloader.current_keys()
        if stored is not self._stored_keys:
            self._stored_keys = stored
            self._callers = (*self._environment_callers, *_stored_callers(stored or ()))
        return None if stored is None and not self._environment_callers else self._callers


def presented_key(headers: Headers) -> str:
    """The API key in the headers of a request; empty if there is none."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", "")


def _environment_caller(key: SecretStr) -> Caller:
    digest = _digest(key.get_secret_value().encode())
    return Caller(ENVIRONMENT, (KeyScope.ADMIN,), ENVIRONMENT, key_digest=digest)


def _stored_callers(keys: Keys) -> Iterable[Caller]:
    return (
        Caller(f"{key.client}/{key.id}", key.scopes, key.id, key.rate, key.quota, bytes.fromhex(key.sha256))
        for key in keys
    )


def _digest(key: bytes) -> bytes:
    return sha256(key).digest()
