"""Prediction ids: deterministic, so that a repeated request for the same features has the same id (idempotent)."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b

import numpy as np

from features.online.feature_rows import FeatureRows, RaggedList

_DIGEST_BYTES = 16


def prediction_ids(release: str, stored: FeatureRows, as_of: int) -> tuple[str, ...]:
    """One id per customer, 32 hexadecimal digits: a hash of release, instant, customer and stored features.

    Each part is hashed with its length before it, so that no two sequences of parts hash the same bytes.
    """
    common = _release_hash(release, stored.columns, tuple(sorted(stored.lists))).copy()
    common.update(_length_prefixed(str(as_of).encode()))
    numbers = np.column_stack([stored.features_at.view(np.float64), stored.matrix]).tobytes()
    width = len(numbers) // max(len(stored), 1)
    lists = [_ListBytes(stored.lists[name]) for name in sorted(stored.lists)]
    ids = []
    for row, customer_id in enumerate(stored.customer_ids):
        digest = common.copy()
        digest.update(_length_prefixed(customer_id.encode("utf-8", "surrogatepass")))
        digest.update(numbers[row * width : (row + 1) * width])
        for slices in lists:
            digest.update(_length_prefixed(slices[row]))
        ids.append(digest.hexdigest())
    return tuple(ids)


@lru_cache(maxsize=64)
def _release_hash(release: str, columns: tuple[str, ...], lists: tuple[str, ...]) -> blake2b:
    """The hash state that all predictions of a release share."""
    common = blake2b(digest_size=_DIGEST_BYTES)
    for part in (release, *columns, *lists):
        common.update(_length_prefixed(part.encode()))
    return common


class _ListBytes:
    """Bytes of the list of each customer."""

    def __init__(self, ragged: RaggedList) -> None:
        self._values = ragged.values.tobytes()
        self._offsets = (ragged.offsets * ragged.values.itemsize).tolist()

    def __getitem__(self, row: int) -> bytes:
        return self._values[self._offsets[row] : self._offsets[row + 1]]


def _length_prefixed(part: bytes) -> bytes:
    return len(part).to_bytes(4, "little") + part
