"""Assignment: a keyed hash of the customer id draws an arm as an exponential race; nothing has to be stored for it.

Each arm k has an independent uniform number u_k for every customer, a keyed hash (BLAKE2b, RFC 7693); the arm with the
smallest -ln(u_k) / p_k wins, and arm k wins with probability p_k: the minimum of exponential variables is variable k
with a probability in proportion to its rate (Efraimidis and Spirakis 2006, "Weighted random sampling with a
reservoir").
New probabilities move few customers: an arm whose probability grows takes customers from others and loses none to an
arm that grows less. The same secret draws the same arms on every machine, and experiments are independent.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np

from features.arrays import Codes, Floats, Integers
from features.keyed_hashes import HASH_RANGE, hash_key, keyed_hashes

_ID_BYTES = 16


def arm_uniforms(
    customer_ids: Sequence[str], arms: Sequence[str], experiment_id: str, secret: bytes, epoch: int | None = None
) -> Floats:
    """Uniform numbers of n customers, one for each arm, (n, arms), above 0 and at most 1.

    Args:
        customer_ids: in canonical form.
        arms: the names of the arms; each has its own numbers, whatever the others are.
        experiment_id: experiments are independent.
        secret: the same secret gives the same numbers.
        epoch: the number of the epoch where every epoch draws again; None where a customer keeps the arm.
    """
    keys = [_key_of_parts(secret, b"arm", experiment_id, "" if epoch is None else str(epoch), arm) for arm in arms]
    return _uniforms(customer_ids, keys)


def draw_arms(uniforms: Floats, probabilities: Floats) -> Codes:
    """The position of the arm that each of n customers draws, (n,).

    Args:
        uniforms: as ``arm_uniforms`` returns them, (n, arms).
        probabilities: (arms,) or (n, arms); an arm with 0 is never drawn.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        arrivals = np.where(probabilities > 0, -np.log(uniforms) / probabilities, np.inf)
    drawn: Codes = np.argmin(arrivals, axis=1).astype(np.int8)
    return drawn


def group_owners(customer_ids: Sequence[str], group: str, experiment_ids: Sequence[str], secret: bytes) -> Integers:
    """The position of the experiment that each of n customers of an exclusion group belongs to, (n,).

    All experiments of a group have the same share. Another experiment takes customers from each of the others and moves
    none between them, and so does one that leaves.

    Args:
        customer_ids: in canonical form.
        group: the word that the experiments have in common.
        experiment_ids: the running experiments of the group, in any order.
        secret: the same secret gives the same owners.
    """
    keys = [_key_of_parts(secret, b"exclusion", group, experiment_id) for experiment_id in experiment_ids]
    owners: Integers = np.argmax(_uniforms(customer_ids, keys), axis=1).astype(np.int64)
    return owners


def decision_ids(
    customer_ids: Sequence[str], experiment_id: str, secret: bytes, epoch: int | None = None
) -> tuple[str, ...]:
    """The id of the decision of each customer, 32 hexadecimal digits that do not show the customer.

    Where a customer keeps the arm the id has no epoch, so that a log with one row for an id keeps the first decision.
    """
    key = _key_of_parts(secret, b"decision", experiment_id, "" if epoch is None else str(epoch))
    return tuple(
        blake2b(_to_bytes(customer_id), digest_size=_ID_BYTES, key=key).hexdigest() for customer_id in customer_ids
    )


def _key_of_parts(secret: bytes, purpose: bytes, *parts: str) -> bytes:
    """A key of its own for each purpose and each sequence of parts; each part is hashed with its length before it."""
    encoded = [_to_bytes(part) for part in parts]
    text = b"".join(len(part).to_bytes(4, "little") + part for part in encoded)
    return hash_key(secret, purpose, text)


def _uniforms(customer_ids: Sequence[str], keys: Sequence[bytes]) -> Floats:
    hashes = keyed_hashes(map(_to_bytes, customer_ids), keys).astype(np.float64)
    return (hashes + 0.5) / HASH_RANGE


def _to_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
