"""Manifest: one text in Redis with the names of the hashes of all views, so that one write replaces all of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from secrets import token_hex

MANIFEST_KEY = "flywheel:manifest"
SENTINEL_FIELD = b"\xff"  # a field of every hash: one without it was evicted; it is no UTF-8, so it is no customer's id

HashKeys = tuple[str, ...]  # keys, the lowest layer first


@dataclass(frozen=True)
class RedisManifest:
    """The hashes of every view: one per view, and a second with newer rows until compaction."""

    text: bytes  # as stored in Redis, empty before the first publication

    @cached_property
    def views(self) -> dict[str, HashKeys]:
        """The hash keys by view."""
        return {view: tuple(keys) for view, keys in json.loads(self.text or b"{}").items()}

    @cached_property
    def keys(self) -> list[str]:
        """The keys of all hashes."""
        return [key for keys in self.views.values() for key in keys]

    def hash_keys(self, view: str) -> HashKeys:
        """The hash keys of a view; none before its first publication."""
        return self.views.get(view, ())

    def with_views(self, views: Mapping[str, HashKeys]) -> RedisManifest:
        """The manifest with other hashes for these views; a view without a hash is removed."""
        merged = {**self.views, **views}
        return RedisManifest(json.dumps({view: keys for view, keys in merged.items() if keys}).encode())


def new_hash_key(view: str) -> str:
    """A new random key; keys are never reused, because readers recognise a new publication by its keys."""
    return f"flywheel:{view}:{token_hex(8)}"


def customer_field(customer_id: str) -> bytes:
    """The hash field of a customer: the id, unchanged, as bytes."""
    return customer_id.encode("utf-8", "surrogatepass")
