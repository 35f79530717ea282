"""Who is not approached, so that it can be told what approaching changes? A stable share, picked by a secret.

A customer's side is decided by a keyed hash (BLAKE2b, RFC 7693) of the customer id under the hold-out's name: it is the
same in every audience and on every day, nobody without the secret can foretell or fake it, and sides under different
names have nothing to do with each other. It needs no list of who was held out before.
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
import pyarrow as pa

from features.arrays import Booleans

_HASH_RANGE = 2.0**64


def holdout_mask(customer_ids: pa.Array, share: float, name: str, secret: bytes) -> Booleans:
    """Which of n customers are held out, (n,); with a larger share they still are.

    Args:
        customer_ids: text, digit for digit as it stands in the log.
        share: 0 to 0.5.
        name: of the hold-out.
        secret: the same wherever sides must agree.
    """
    key = blake2b(name.encode(), key=blake2b(secret).digest(), person=b"holdout").digest()
    digests = b"".join(
        blake2b(customer_id, digest_size=8, key=key).digest()
        for customer_id in customer_ids.cast(pa.binary()).to_pylist()
    )
    return np.asarray(np.frombuffer(digests, dtype="<u8") < np.uint64(share * _HASH_RANGE))
