"""What may a key do? One table says which scope a method and a path need, whether their route exists yet or not."""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import StrEnum


class KeyScope(StrEnum):
    """What a client may be allowed."""

    PREDICT = "predict"
    AUDIENCE = "audience"
    CONSENT = "consent"
    ADMIN = "admin"  # implies all others


# An id is any text, "x/consents" too: as the routes do, a pattern takes all of it, and `$` lets a last line break pass.
_ANY_ID = r"[\s\S]*"
_ANY_METHOD = ""
_SCOPE_RULES: tuple[tuple[str, re.Pattern[str], KeyScope], ...] = (
    ("DELETE", re.compile(r"/v1/customers/"), KeyScope.ADMIN),
    (_ANY_METHOD, re.compile(rf"/v1/customers/{_ANY_ID}/consents$"), KeyScope.CONSENT),
    (_ANY_METHOD, re.compile(rf"/v1/customers/{_ANY_ID}/predictions$"), KeyScope.PREDICT),
    (_ANY_METHOD, re.compile(r"/v1/(predictions|models)$"), KeyScope.PREDICT),
    (_ANY_METHOD, re.compile(r"/v1/audiences"), KeyScope.AUDIENCE),
)


def required_scope(method: str, path: str) -> KeyScope | None:
    """The scope of the first row that fits; None where any valid key will do. ``path`` is percent-decoded."""
    for named, pattern, scope in _SCOPE_RULES:
        if named in (_ANY_METHOD, method) and pattern.match(path):
            return scope
    return None


def allows(scopes: Collection[KeyScope], required: KeyScope | None) -> bool:
    """Whether a key with these scopes may do what needs the scope ``required``."""
    return required is None or required in scopes or KeyScope.ADMIN in scopes
