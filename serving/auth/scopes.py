"""Scopes: what an API key may do, and what a session may open."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum


class KeyScope(StrEnum):
    """Scope of an API key."""

    PREDICT = "predict"
    AUDIENCE = "audience"
    CONSENT = "consent"
    EXPERIMENT = "experiment"
    VIEW = "view"  # customers as the page shows them, without consents and erasure
    ADMIN = "admin"  # implies all others


class SessionScope(StrEnum):
    """Scope of a session: the pages that a person who signed in with a key may open."""

    DOCUMENTATION = "documentation"
    PAGE = "page"  # the page at /app/, and the documentation

    def opens(self, required: SessionScope | None) -> bool:
        """Whether a session of this scope opens routes for ``required``; None are routes for keys alone."""
        return required is not None and self in (required, SessionScope.PAGE)


def allows(scopes: Collection[KeyScope], required: KeyScope | None) -> bool:
    """Whether a key with these scopes satisfies the scope ``required``; every key satisfies None."""
    return required is None or required in scopes or KeyScope.ADMIN in scopes
