"""Which question is it? The same customer, instant, release and features have the same id."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b

import numpy as np

from features.online.feature_rows import FeatureRows, RaggedList

_DIGEST_BYTES = 16


def prediction_ids(release: str, stored: FeatureRows, as_of: int) -> tuple[str, ...]:
    """One id per customer, 32 hexadecimal digits; every part is preceded by its length, so that none can pass over."""
    question = _release_hash(release, stored.columns, tuple(sorted(stored.lists))).copy()
    question.update(_length_prefixed(str(as_of).encode()))
    numbers = np.column_stack([stored.features_at.view(np.float64), stored.matrix]).tobytes()
    width = len(numbers) // max(len(stored), 1)
    lists = [_ListBytes(stored.lists[name]) for name in sorted(stored.lists)]
    ids = []
    for row, customer_id in enumerate(stored.customer_ids):
        one = question.copy()
        one.update(_length_prefixed(customer_id.encode("utf-8", "surrogatepass")))
        one.update(numbers[row * width : (row + 1) * width])
        for slices in lists:
            one.update(_length_prefixed(slices[row]))
        ids.append(one.hexdigest())
    return tuple(ids)


@lru_cache(maxsize=64)
def _release_hash(release: str, columns: tuple[str, ...], lists: tuple[str, ...]) -> blake2b:
    """What all questions to a release have in common."""
    common = blake2b(digest_size=_DIGEST_BYTES)
    for part in (release, *columns, *lists):
        common.update(_length_prefixed(part.encode()))
    return common


class _ListBytes:
    """The bytes of each customer's list."""

    def __init__(self, ragged: RaggedList) -> None:
        self._values = ragged.values.tobytes()
        self._offsets = (ragged.offsets * ragged.values.itemsize).tolist()

    def __getitem__(self, row: int) -> bytes:
        return self._values[self._offsets[row] : self._offsets[row + 1]]


def _length_prefixed(part: bytes) -> bytes:
    return len(part).to_bytes(4, "little") + part
