"""Addresses of pages: that of a request as it was sent, which ``Request.url`` decodes, and that of a customer."""

from __future__ import annotations

from urllib.parse import quote

from starlette.types import Scope

from serving.api.pages import PAGE_PATH


def path_of(scope: Scope) -> str:
    """The path of a request, percent-encoded: a slash in an id is still %2F."""
    path: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
    return quote(path.partition(b"?")[0], safe="/%:@!$&'()*+,;=~")


def customer_path(customer_id: str) -> str:
    """The path of the page of a customer; a slash in the id is %2F, so that no browser takes ``../`` out of it."""
    return f"{PAGE_PATH}customers/{quote(customer_id, safe='')}"


def query_of(scope: Scope) -> str:
    """The query of a request; bytes that are no UTF-8 are replaced."""
    query: bytes = scope.get("query_string", b"")
    return query.decode("utf-8", "replace")
