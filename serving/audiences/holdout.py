"""Hold-out: a stable random share of customers is not approached, so that a campaign's effect can be measured.

A keyed hash (BLAKE2b, RFC 7693) of the customer id under the hold-out's name decides whether a customer is held
out. The decision is the same in every audience and on every day, it cannot be predicted without the secret, and
hold-outs of different names are independent. No list of held-out customers is stored.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Literal

import numpy as np
import pyarrow as pa

from features.arrays import Booleans

# Which members an export lists: all but those who are held out, those alone, or all with a column ``holdout``.
HoldoutChoice = Literal["exclude", "only", "include"]
_HASH_RANGE = 2.0**64


def holdout_mask(customer_ids: pa.Array, share: float, name: str, secret: bytes) -> Booleans:
    """Return which of n customers are held out, (n,); a larger share includes a smaller one.

    Args:
        customer_ids: text, digit for digit as in the log.
        share: 0 to 0.5.
        name: the name of the hold-out.
        secret: the same secret gives the same decisions.
    """
    key = blake2b(name.encode(), key=blake2b(secret).digest(), person=b"holdout").digest()
    digests = b"".join(
        blake2b(customer_id, digest_size=8, key=key).digest()
        for customer_id in customer_ids.cast(pa.binary()).to_pylist()
    )
    return np.asarray(np.frombuffer(digests, dtype="<u8") < np.uint64(share * _HASH_RANGE))
