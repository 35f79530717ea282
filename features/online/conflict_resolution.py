"""Which of two rows of one customer is kept? The one of the later event, whatever the order in which they arrive."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from itertools import compress
from typing import TypeVar

import numpy as np

from features.arrays import Booleans
from features.online.codec import Buffer, Words, headers

Key = TypeVar("Key", bound=Hashable)


def later_rows(stored: Mapping[Key, Buffer], incoming: Mapping[Key, bytes]) -> dict[Key, bytes]:
    """The arriving rows that take their place; ``stored`` has the rows already there, of these customers or of others.

    One with an earlier event time does not, nor one with an equal event time and an earlier created time.
    """
    both = [key for key in incoming if key in stored]
    stays = is_stale(headers(stored[key] for key in both), headers(incoming[key] for key in both))
    outdated = set(compress(both, stays))
    return {key: row for key, row in incoming.items() if key not in outdated}


def is_stale(stored: Words, incoming: Words) -> Booleans:
    """Where the held row is the newer one, (n,); a row of another schema never is, since nobody can read it."""
    held_at, arriving_at = stored[:, 1:].view(np.int64), incoming[:, 1:].view(np.int64)
    later = held_at > arriving_at
    same = held_at[:, 0] == arriving_at[:, 0]
    stays: Booleans = (stored[:, 0] == incoming[:, 0]) & (later[:, 0] | same & later[:, 1])
    return stays
