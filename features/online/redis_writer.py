"""How is Redis written to, so that readers see the state before or the state after, whenever the writer is killed?

Rows go into a draft, a hash nobody reads yet that expires by itself. One script then names the drafts in the layers: a
replaced view is its draft from then on, a merged one is read through both hashes until its draft has sunk into the
hash below. Sinking may be repeated, so whoever writes next finishes what a killed writer began.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

from features.errors import StoreUnavailable
from features.online.conflict_resolution import later_rows
from features.online.redis_manifest import (
    MANIFEST_KEY,
    SENTINEL_FIELD,
    HashKeys,
    RedisManifest,
    customer_field,
    new_hash_key,
)
from features.online.redis_scripts import COMMIT, COMPACT, ERASE, MERGE
from features.storage.redis_client import CommandArgument, RedisClient

BATCH_SIZE = 1000  # rows a command; Redis answers nobody else for the 2 ms they take
MAX_SMALL_MERGE = 1000  # rows of a merge that needs no draft
STAGING_TTL_SECONDS = 600  # after its writer was killed
MAX_ATTEMPTS = 100  # to be the one that changes the layers

PackedRows = dict[str, bytes]


class RedisWriter:
    """What shall be written, and then all of it at once."""

    def __init__(self, client: RedisClient) -> None:
        self._client = client
        self._to_replace: dict[str, PackedRows] = {}
        self._to_merge: dict[str, PackedRows] = {}

    def replace(self, view: str, packed: Mapping[str, bytes]) -> None:
        """Make the view hold exactly these customers, whatever it held before."""
        self._to_merge.pop(view, None)
        self._to_replace[view] = dict(packed)

    def merge(self, view: str, packed: Mapping[str, bytes]) -> None:
        """Add to the view; a stored row with a later event time, or an equal and later created time, stays."""
        rows = self._to_replace[view] if view in self._to_replace else self._to_merge.setdefault(view, {})
        rows |= later_rows(rows, packed)

    def drop(self, view: str) -> None:
        """Remove every row of a view."""
        self.replace(view, {})

    def erase(self, customer_id: str) -> int:
        """Remove one customer's rows from every view at once, before all else; how many there were."""
        for rows in chain(self._to_replace.values(), self._to_merge.values()):
            rows.pop(customer_id, None)
        for _ in range(MAX_ATTEMPTS):
            layers = self._compacted_manifest()
            removed = self._client.eval_script(
                ERASE, [MANIFEST_KEY, *layers.keys], layers.text, customer_field(customer_id)
            )
            if removed is not None:
                return int(removed)
        raise self._too_many_writers()

    def commit(self) -> None:
        """Make it visible, all of it at once; raises Unreachable when Redis did not say that it is."""
        if not (self._to_replace or self._to_merge) or self._merge_small():
            return
        rows = {view: rows for view, rows in {**self._to_replace, **self._to_merge}.items() if rows}
        drafts: dict[str, HashKeys] = {view: (self._stage(view, rows[view]),) for view in rows}
        for _ in range(MAX_ATTEMPTS):
            layers = self._compacted_manifest()
            replaced = {view: drafts.get(view, ()) for view in self._to_replace}
            merged = {view: layers.hash_keys(view) + drafts.get(view, ()) for view in self._to_merge}
            if self._commit_manifest(
                layers, layers.with_views(replaced | merged), [key for keys in drafts.values() for key in keys]
            ):
                self._compacted_manifest()
                return
        raise self._too_many_writers()

    def _merge_small(self) -> bool:
        """Whether it was so little that one script could do it."""
        if self._to_replace or sum(map(len, self._to_merge.values())) > MAX_SMALL_MERGE:
            return False
        for _ in range(MAX_ATTEMPTS):
            layers = self._compacted_manifest()
            if not all(map(layers.hash_keys, self._to_merge)):
                return False
            keys = [key for view in self._to_merge for key in layers.hash_keys(view)]
            rows = [one for rows in self._to_merge.values() for one in _with_row_count(rows)]
            if self._client.eval_script(MERGE, [MANIFEST_KEY, *keys], layers.text, *rows):
                return True
        raise self._too_many_writers()

    def _stage(self, view: str, rows: PackedRows) -> str:
        """The key of a new hash with these rows, and a mark that it is whole."""
        draft, flat = new_hash_key(view), [*_id_row_pairs(rows), SENTINEL_FIELD, bytes(24)]
        for start in range(0, len(flat), 2 * BATCH_SIZE):
            some = flat[start : start + 2 * BATCH_SIZE]
            self._client.transaction(("HSET", draft, *some), ("EXPIRE", draft, STAGING_TTL_SECONDS))
        return draft

    def _compacted_manifest(self) -> RedisManifest:
        """The layers, one hash a view: what is still on top of another sinks into it."""
        for _ in range(MAX_ATTEMPTS):
            layers = RedisManifest(self._client.execute("GET", MANIFEST_KEY) or b"")
            deep = {view: keys for view, keys in layers.views.items() if len(keys) > 1}
            if not deep:
                return layers
            if all(self._compact(layers, upper, keys[0]) for keys in deep.values() for upper in keys[1:]):
                self._commit_manifest(layers, layers.with_views({view: keys[:1] for view, keys in deep.items()}), [])
        raise self._too_many_writers()

    def _compact(self, manifest: RedisManifest, upper: str, lower: str) -> bool:
        """Whether all rows of one hash went into another before the layers changed."""
        cursor = b"0"
        while True:
            cursor = self._client.eval_script(COMPACT, [MANIFEST_KEY, upper, lower], manifest.text, cursor, BATCH_SIZE)
            if cursor is None or cursor == b"0":
                return cursor is not None

    def _commit_manifest(self, manifest: RedisManifest, new_manifest: RedisManifest, staged_keys: list[str]) -> bool:
        """Whether the layers could be changed, nobody else having done so before."""
        gone = [key for key in manifest.keys if key not in new_manifest.keys]
        return bool(
            self._client.eval_script(
                COMMIT, [MANIFEST_KEY, *staged_keys, *gone], manifest.text, new_manifest.text, len(staged_keys)
            )
        )

    def _too_many_writers(self) -> StoreUnavailable:
        return StoreUnavailable(f"{self._client.name} was changed by others {MAX_ATTEMPTS} times in a row. Try again.")


def _with_row_count(rows: PackedRows) -> list[CommandArgument]:
    """How many, then id, row, id, row, .."""
    return [len(rows), *_id_row_pairs(rows)]


def _id_row_pairs(rows: PackedRows) -> Iterator[bytes]:
    """Id, row, id, row, .."""
    return chain.from_iterable((customer_field(customer_id), row) for customer_id, row in rows.items())
