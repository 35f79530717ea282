"""Keyed hashes of customer ids: pseudo-random numbers that nobody can predict without the secret (BLAKE2b, RFC 7693).

The same secret gives the same numbers on every machine, so a random draw by them needs no list.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

HASH_RANGE = 2.0**64  # hashes are integers from 0 until below it
_HASH_BYTES = 8


def hash_key(secret: bytes, purpose: bytes, text: bytes) -> bytes:
    """A key of its own for each purpose, of at most 16 bytes, and each text."""
    return blake2b(text, key=blake2b(secret).digest(), person=purpose).digest()


def keyed_hashes(customer_ids: Iterable[bytes], keys: Sequence[bytes]) -> NDArray[np.uint64]:
    """The hash of each of n customers under each key, (n, keys), evenly distributed and independent."""
    # A copy of a keyed hash takes half the time of a new one.
    keyed = [blake2b(digest_size=_HASH_BYTES, key=key) for key in keys]
    digests = bytearray()
    for customer_id in customer_ids:
        for empty in keyed:
            keyed_hash = empty.copy()
            keyed_hash.update(customer_id)
            digests += keyed_hash.digest()
    return np.frombuffer(bytes(digests), dtype="<u8").reshape(-1, len(keys))
