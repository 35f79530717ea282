"""Authentication of a request: by the API key in its headers, or by the session cookie of a browser, within limits."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.requests import cookie_parser

from serving.auth.api_keys import ApiKeys, Caller, presented_key
from serving.auth.failed_attempts import FailedAttempts
from serving.auth.rate_limits import RateLimits
from serving.auth.sessions import COOKIE, Sessions
from serving.problems import DETAILS, Problem

CHALLENGE = {"WWW-Authenticate": "Bearer"}


@dataclass(frozen=True)
class Authenticator:
    """Authenticator of one worker: keys, sessions, and the limits of both."""

    api_keys: ApiKeys
    sessions: Sessions
    failed_attempts: FailedAttempts
    rate_limits: RateLimits

    async def authenticate(self, headers: Headers, address: str) -> Caller:
        """The caller of a request; counts the request.

        Raises:
            Problem: 401 without a valid key or session, 429 beyond a limit of the key or of the address.
        """
        key = presented_key(headers)
        caller = await self.caller_of(key, address) if key else self._caller_without_key(headers)
        if caller is None:
            raise Problem(401, DETAILS[401], headers=CHALLENGE)
        await self.rate_limits.count_request(caller)
        return caller

    async def caller_of(self, key: str, address: str) -> Caller | None:
        """The caller with a key, None for a wrong one; counts the wrong keys of an address.

        Raises:
            Problem: 429 if the address has sent too many wrong keys.
        """
        caller = self.api_keys.caller_of(key)
        if caller is None:
            await self.failed_attempts.count(address)
        else:
            await self.failed_attempts.accept(address, caller)
        return caller

    def _caller_without_key(self, headers: Headers) -> Caller | None:
        """The caller of a service without keys, or of the session in the cookie."""
        # Cookies of other services on this host come too, and are not all as RFC 6265 has them.
        token = cookie_parser(headers.get("cookie", "")).get(COOKIE, "")
        return self.api_keys.caller_of("") or (self.sessions.caller(token, self.api_keys) if token else None)
