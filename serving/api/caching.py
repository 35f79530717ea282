"""HTTP caching: ETag and Cache-Control for the GET route of predictions."""

from __future__ import annotations

from hashlib import blake2b

from starlette.requests import Request
from starlette.responses import Response

# Campaign tools cache a GET for five minutes by default. A revoked consent must act on the next call, so each call
# revalidates its copy; most then get 304 and no body.
CACHE_CONTROL = "private, max-age=0, must-revalidate"


def cacheable(request: Request, body: bytes) -> Response:
    """Cacheable response: the body with an ETag, or 304 without a body if the caller has this version already."""
    tag = f'"{blake2b(body, digest_size=16).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": CACHE_CONTROL}
    if _matches_etag(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")


def no_store(body: bytes) -> Response:
    """Response with Cache-Control: no-store, for an answer that may change at any moment."""
    return Response(body, headers={"Cache-Control": "no-store"}, media_type="application/json")


def _matches_etag(if_none_match: str, etag: str) -> bool:
    tags = {part.strip().removeprefix("W/") for part in if_none_match.split(",")}
    return etag in tags or "*" in tags
