"""Which hashes of Redis hold the rows? One text says it for all views at once, so that they change at once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from secrets import token_hex

MANIFEST_KEY = "flywheel:manifest"
SENTINEL_FIELD = (
    b"\xff"  # a field of every hash: one without it was evicted; no customer is called so, since it is no UTF-8
)

HashKeys = tuple[str, ...]  # keys, the lowest layer first


@dataclass(frozen=True)
class RedisManifest:
    """A view has one hash, and for moments a second one on top of it: rows that are being merged."""

    text: bytes  # as it stands in Redis, empty where nobody has published

    @cached_property
    def views(self) -> dict[str, HashKeys]:
        """What the text says."""
        return {view: tuple(keys) for view, keys in json.loads(self.text or b"{}").items()}

    @cached_property
    def keys(self) -> list[str]:
        """Every hash."""
        return [key for keys in self.views.values() for key in keys]

    def hash_keys(self, view: str) -> HashKeys:
        """The hashes of a view; none where it was never published."""
        return self.views.get(view, ())

    def with_views(self, views: Mapping[str, HashKeys]) -> RedisManifest:
        """These views elsewhere, and those without a hash gone."""
        merged = {**self.views, **views}
        return RedisManifest(json.dumps({view: keys for view, keys in merged.items() if keys}).encode())


def new_hash_key(view: str) -> str:
    """A key that never was and never will be again, since readers tell states of the store by their keys."""
    return f"flywheel:{view}:{token_hex(8)}"


def customer_field(customer_id: str) -> bytes:
    """Digit for digit."""
    return customer_id.encode("utf-8", "surrogatepass")
