"""Which of two rows of one customer is kept? The one of the later event, whatever the order in which they arrive."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from itertools import compress
from typing import TypeVar

import numpy as np

from features.arrays import Booleans
from features.online.codec import Buffer, Words, headers

Key = TypeVar("Key", bound=Hashable)


def newer(held: Mapping[Key, Buffer], arriving: Mapping[Key, bytes]) -> dict[Key, bytes]:
    """The arriving rows that take their place; ``held`` has the rows already there, of these customers or of others.

    One with an earlier event time does not, nor one with an equal event time and an earlier created time.
    """
    both = [key for key in arriving if key in held]
    stays = outdates(headers(held[key] for key in both), headers(arriving[key] for key in both))
    outdated = set(compress(both, stays))
    return {key: row for key, row in arriving.items() if key not in outdated}


def outdates(held: Words, arriving: Words) -> Booleans:
    """Where the held row is the newer one, (n,); a row of another schema never is, since nobody can read it."""
    held_at, arriving_at = held[:, 1:].view(np.int64), arriving[:, 1:].view(np.int64)
    later = held_at > arriving_at
    same = held_at[:, 0] == arriving_at[:, 0]
    stays: Booleans = (held[:, 0] == arriving[:, 0]) & (later[:, 0] | same & later[:, 1])
    return stays
