"""Hold-out: a stable random share of customers is not approached, so that a campaign's effect can be measured.

A keyed hash (BLAKE2b, RFC 7693) of the customer id under the hold-out's name decides whether a customer is held
out. The decision is the same in every audience and on every day, it cannot be predicted without the secret, and
hold-outs of different names are independent. No list of held-out customers is stored.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pyarrow as pa

from features.arrays import Booleans
from features.keyed_hashes import HASH_RANGE, hash_key, keyed_hashes

# Which members an export lists: all but those who are held out, those alone, or all with a column ``holdout``.
HoldoutChoice = Literal["exclude", "only", "include"]


def holdout_mask(customer_ids: pa.Array, share: float, name: str, secret: bytes) -> Booleans:
    """Return which of n customers are held out, (n,); a larger share includes a smaller one.

    Args:
        customer_ids: text, digit for digit as in the log.
        share: 0 to 0.5.
        name: the name of the hold-out.
        secret: the same secret gives the same decisions.
    """
    hashes = keyed_hashes(customer_ids.cast(pa.binary()).to_pylist(), [holdout_key(name, secret)])[:, 0]
    return np.asarray(hashes < np.uint64(share * HASH_RANGE))


def holdout_key(name: str, secret: bytes) -> bytes:
    """Return the key of the hashes of a hold-out."""
    return hash_key(secret, b"holdout", name.encode())
