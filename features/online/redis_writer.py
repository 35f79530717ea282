"""Atomic publication on Redis: readers see the state before a write or after it, also if the writer is killed.

Rows go into a staged hash that no reader knows and that expires by itself. One script then writes the names of the
staged hashes into the manifest. A replaced view has only its staged hash. A merged view has two hashes, both of them
read until compaction merges the rows of the upper hash into the lower one. Compaction is idempotent, so the next writer
can finish the compaction of a killed writer.
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

BATCH_SIZE = 1000  # rows a command, about 2 ms in which Redis serves no other client
MAX_SMALL_MERGE = 1000  # rows of a merge that needs no staged hash
STAGING_TTL_SECONDS = 600  # lifetime of a staged hash if its writer is killed
MAX_ATTEMPTS = 100  # to change the manifest before another writer does

PackedRows = dict[str, bytes]


class RedisWriter:
    """One write: collects rows, then publishes all of them at once."""

    def __init__(self, client: RedisClient) -> None:
        self._client = client
        self._to_replace: dict[str, PackedRows] = {}
        self._to_merge: dict[str, PackedRows] = {}

    def replace(self, view: str, packed: Mapping[str, bytes]) -> None:
        """Make the view hold exactly these customers."""
        self._to_merge.pop(view, None)
        self._to_replace[view] = dict(packed)

    def merge(self, view: str, packed: Mapping[str, bytes]) -> None:
        """Add rows to the view; a stored row with a later event time, or an equal and later created time, stays."""
        rows = self._to_replace[view] if view in self._to_replace else self._to_merge.setdefault(view, {})
        rows |= later_rows(rows, packed)

    def drop(self, view: str) -> None:
        """Remove every row of a view."""
        self.replace(view, {})

    def erase(self, customer_id: str) -> int:
        """Remove one customer from every view at once, before the rest of the write; returns the number of rows.

        Raises:
            StoreUnavailable: Redis did not answer, or other writers changed the manifest at every attempt.
        """
        for rows in chain(self._to_replace.values(), self._to_merge.values()):
            rows.pop(customer_id, None)
        for _ in range(MAX_ATTEMPTS):
            manifest = self._compacted_manifest()
            removed = self._client.eval_script(
                ERASE, [MANIFEST_KEY, *manifest.keys], manifest.text, customer_field(customer_id)
            )
            if removed is not None:
                return int(removed)
        raise self._too_many_writers()

    def commit(self) -> None:
        """Publish the write, all of it at once; raises StoreUnavailable if Redis does not confirm it."""
        if not (self._to_replace or self._to_merge) or self._merge_small():
            return
        rows = {view: rows for view, rows in {**self._to_replace, **self._to_merge}.items() if rows}
        staged: dict[str, HashKeys] = {view: (self._stage(view, rows[view]),) for view in rows}
        for _ in range(MAX_ATTEMPTS):
            manifest = self._compacted_manifest()
            replaced = {view: staged.get(view, ()) for view in self._to_replace}
            merged = {view: manifest.hash_keys(view) + staged.get(view, ()) for view in self._to_merge}
            if self._commit_manifest(
                manifest, manifest.with_views(replaced | merged), [key for keys in staged.values() for key in keys]
            ):
                self._compacted_manifest()
                return
        raise self._too_many_writers()

    def _merge_small(self) -> bool:
        """Merge a small number of rows in one script; return whether that was possible."""
        if self._to_replace or sum(map(len, self._to_merge.values())) > MAX_SMALL_MERGE:
            return False
        for _ in range(MAX_ATTEMPTS):
            manifest = self._compacted_manifest()
            if not all(map(manifest.hash_keys, self._to_merge)):
                return False
            keys = [key for view in self._to_merge for key in manifest.hash_keys(view)]
            arguments = [argument for rows in self._to_merge.values() for argument in _with_row_count(rows)]
            if self._client.eval_script(MERGE, [MANIFEST_KEY, *keys], manifest.text, *arguments):
                return True
        raise self._too_many_writers()

    def _stage(self, view: str, rows: PackedRows) -> str:
        """The key of a new hash with these rows and a sentinel that it is complete."""
        key, flat = new_hash_key(view), [*_id_row_pairs(rows), SENTINEL_FIELD, bytes(24)]
        for start in range(0, len(flat), 2 * BATCH_SIZE):
            batch = flat[start : start + 2 * BATCH_SIZE]
            self._client.transaction(("HSET", key, *batch), ("EXPIRE", key, STAGING_TTL_SECONDS))
        return key

    def _compacted_manifest(self) -> RedisManifest:
        """Compact all upper hashes into the lower ones; return the manifest, which then has one hash per view."""
        for _ in range(MAX_ATTEMPTS):
            manifest = RedisManifest(self._client.execute("GET", MANIFEST_KEY) or b"")
            layered = {view: keys for view, keys in manifest.views.items() if len(keys) > 1}
            if not layered:
                return manifest
            if all(self._compact(manifest, upper, keys[0]) for keys in layered.values() for upper in keys[1:]):
                self._commit_manifest(
                    manifest, manifest.with_views({view: keys[:1] for view, keys in layered.items()}), []
                )
        raise self._too_many_writers()

    def _compact(self, manifest: RedisManifest, upper: str, lower: str) -> bool:
        """Merge the rows of the upper hash into the lower one; return False if the manifest changed meanwhile."""
        cursor = b"0"
        while True:
            cursor = self._client.eval_script(COMPACT, [MANIFEST_KEY, upper, lower], manifest.text, cursor, BATCH_SIZE)
            if cursor is None or cursor == b"0":
                return cursor is not None

    def _commit_manifest(self, manifest: RedisManifest, new_manifest: RedisManifest, staged_keys: list[str]) -> bool:
        """Replace the manifest; return False if another writer changed it first."""
        obsolete = [key for key in manifest.keys if key not in new_manifest.keys]
        return bool(
            self._client.eval_script(
                COMMIT, [MANIFEST_KEY, *staged_keys, *obsolete], manifest.text, new_manifest.text, len(staged_keys)
            )
        )

    def _too_many_writers(self) -> StoreUnavailable:
        return StoreUnavailable(f"{self._client.name} was changed by others {MAX_ATTEMPTS} times in a row. Try again.")


def _with_row_count(rows: PackedRows) -> list[CommandArgument]:
    """The script arguments of one view: the number of rows, then id, row, id, row, .."""
    return [len(rows), *_id_row_pairs(rows)]


def _id_row_pairs(rows: PackedRows) -> Iterator[bytes]:
    """The rows as a flat sequence: id, row, id, row, .."""
    return chain.from_iterable((customer_field(customer_id), row) for customer_id, row in rows.items())
