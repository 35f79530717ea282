"""Sessions: a person signs in with an API key once, and a signed cookie opens some pages for some hours.

A session ends with its key: it is signed with the secret of the home and the digest of the key, and is checked against
the active keys at every request. It opens only pages that declare its scope. So that another site cannot act through
it, the cookie is HttpOnly and SameSite=Strict, and a form that changes something carries a token of the session
(OWASP, "Cross-Site Request Forgery Prevention", signed double submit).
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from features.storage.secret import keyed_digest
from serving.auth.api_keys import ApiKeys, Caller
from serving.auth.scopes import SessionScope

COOKIE = "flywheel_session"
_PURPOSE = "session"
_FORM_PURPOSE = "form"
_SALT_BYTES = 8


@dataclass(frozen=True)
class Sessions:
    """Sessions of a service; nothing is stored but the cookie of the browser."""

    hours: float
    _secret: bytes = field(repr=False)
    timer: Callable[[], float] = time.time  # seconds since 1970 UTC, of the machine; never a pinned clock

    def create(self, caller: Caller, scope: SessionScope) -> str:
        """The token of a new session of a caller with a key."""
        expires_at = int(self.timer() + self.hours * 3600)
        return f"{self._payload(caller.key_id, scope, expires_at)}.{self._signature(caller, scope, expires_at)}"

    def caller(self, token: str, api_keys: ApiKeys) -> Caller | None:
        """The caller of a session, with its scope; None if the token is forged, has expired or its key is revoked."""
        parts = token.split(".")
        if len(parts) != 4 or not (parts[2].isascii() and parts[2].isdigit() and len(parts[2]) <= 20):
            return None
        key_id, scope, expires_at, signature = parts[0], parts[1], int(parts[2]), parts[3]
        if scope not in [*SessionScope] or self.timer() >= expires_at:
            return None
        for caller in api_keys.active_callers(key_id):
            expected = self._signature(caller, SessionScope(scope), expires_at)
            if hmac.compare_digest(signature.encode("latin-1", "replace"), expected.encode()):
                return replace(caller, session=SessionScope(scope))
        return None

    def form_token(self, cookie: str) -> str:
        """A new token for the forms of a browser with this cookie.

        Each is salted, so that compressed pages tell nothing about it (BREACH, Gluck, Harris and Prado 2013).
        """
        salt = secrets.token_hex(_SALT_BYTES)
        return f"{salt}.{self._form_signature(salt, cookie)}"

    def verify_form_token(self, token: str, cookie: str) -> bool:
        """Whether ``form_token`` made a token for this cookie; no token belongs to an empty cookie."""
        salt, _, signature = token.partition(".")
        expected = self._form_signature(salt, cookie)
        return bool(cookie) and hmac.compare_digest(signature.encode("utf-8", "replace"), expected.encode())

    def _form_signature(self, salt: str, cookie: str) -> str:
        return keyed_digest(self._secret, _FORM_PURPOSE, f"{salt}.{cookie}").hex()

    def _signature(self, caller: Caller, scope: SessionScope, expires_at: int) -> str:
        text = f"{self._payload(caller.key_id, scope, expires_at)}.{caller.key_digest.hex()}"
        return keyed_digest(self._secret, _PURPOSE, text).hex()

    @staticmethod
    def _payload(key_id: str, scope: SessionScope, expires_at: int) -> str:
        return f"{key_id}.{scope}.{expires_at}"
