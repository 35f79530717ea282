"""Address of a page: its path and query as they were sent, where ``Request.url`` decodes a path and refuses bytes."""

from __future__ import annotations

from urllib.parse import quote

from starlette.types import Scope


def path_of(scope: Scope) -> str:
    """The path of a request, percent-encoded: a slash in an id is still %2F."""
    path: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
    return quote(path.partition(b"?")[0], safe="/%:@!$&'()*+,;=~")


def query_of(scope: Scope) -> str:
    """The query of a request; bytes that are no UTF-8 are replaced."""
    query: bytes = scope.get("query_string", b"")
    return query.decode("utf-8", "replace")
