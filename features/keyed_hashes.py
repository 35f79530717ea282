"""Keyed hashes of customer ids: pseudo-random numbers that nobody can predict without the secret (BLAKE2b, RFC 7693).

The same secret gives the same numbers on every machine, so a random draw by them needs no list.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

HASH_RANGE = 2.0**64  # hashes are integers from 0 until below it


def hash_key(secret: bytes, purpose: bytes, text: bytes) -> bytes:
    """A key of its own for each purpose, of at most 16 bytes, and each text."""
    return blake2b(text, key=blake2b(secret).digest(), person=purpose).digest()


def keyed_hashes(customer_ids: Iterable[bytes], keys: Sequence[bytes]) -> NDArray[np.uint64]:
    """The hash of each of n customers under each key, (n, keys), evenly distributed and independent."""
    digests = b"".join(
        blake2b(customer_id, digest_size=8, key=key).digest() for customer_id in customer_ids for key in keys
    )
    return np.frombuffer(digests, dtype="<u8").reshape(-1, len(keys))
