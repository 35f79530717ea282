"""Masking: addresses without their passwords, for everything that a person or a log may see."""

from __future__ import annotations

import re

MASK = "***"
# The user may be missing, as in redis://:password@host; everything up to the last @ before a slash is the password.
_PASSWORD = re.compile(r"(?P<begin>[a-zA-Z][a-zA-Z0-9+.-]*://[^:/@\s]*:)(?P<password>[^/\s]*)(?P<end>@)")
_SECRET_PARAMETER = re.compile(r"(?P<begin>[?&][^=&]*(?:password|secret|token|key)[^=&]*=)[^&#\s]*", re.IGNORECASE)


def mask_password(text: str) -> str:
    """The text with ``***`` for the password of an address, and for parameters that are named like secrets."""
    masked = _PASSWORD.sub(rf"\g<begin>{MASK}\g<end>", text)
    return _SECRET_PARAMETER.sub(rf"\g<begin>{MASK}", masked)
