"""Compression: pages as gzip for browsers that accept it."""

from __future__ import annotations

import gzip

from starlette.datastructures import Headers

_LEVEL = 6
_MIN_BYTES = 500  # below which the header of a gzip file outweighs what it saves


def accepts(coding_name: str, headers: Headers) -> bool:
    """Whether the caller reads a content coding such as ``gzip`` (RFC 9110, section 12.5.3)."""
    for offer in headers.get("accept-encoding", "").split(","):
        coding, _, parameter = offer.partition(";")
        if coding.strip().lower() == coding_name:
            return parameter.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def compress(body: bytes, *, accepts_gzip: bool) -> tuple[bytes, dict[str, str]]:
    """A body as the caller accepts it, and the headers that say so."""
    if len(body) < _MIN_BYTES or not accepts_gzip:
        return body, {}
    return gzip.compress(body, _LEVEL, mtime=0), {"Content-Encoding": "gzip"}
