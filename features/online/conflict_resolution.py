"""Conflict resolution: last writer wins by event time, whatever the order in which two rows of a customer arrive."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from itertools import compress
from typing import TypeVar

import numpy as np

from features.arrays import Booleans
from features.online.codec import Buffer, Words, headers, is_intact

Key = TypeVar("Key", bound=Hashable)


def later_rows(stored: Mapping[Key, Buffer], incoming: Mapping[Key, bytes]) -> dict[Key, bytes]:
    """The incoming rows to write: new customers and newer rows; ``stored`` may have rows of other customers too.

    A row with an earlier event time is dropped, and so is one with an equal event time and an earlier created time. A
    damaged stored row is replaced whatever its time says.
    """
    common_keys = [key for key in incoming if key in stored and is_intact(stored[key])]
    stale = is_stale(headers(stored[key] for key in common_keys), headers(incoming[key] for key in common_keys))
    stale_keys = set(compress(common_keys, stale))
    return {key: row for key, row in incoming.items() if key not in stale_keys}


def is_stale(stored: Words, incoming: Words) -> Booleans:
    """Whether each incoming row is older than its stored row, (n,); False for a stored row of another schema."""
    stored_at, incoming_at = stored[:, 1:].view(np.int64), incoming[:, 1:].view(np.int64)
    later = stored_at > incoming_at
    same_event_time = stored_at[:, 0] == incoming_at[:, 0]
    stale: Booleans = (stored[:, 0] == incoming[:, 0]) & (later[:, 0] | same_event_time & later[:, 1])
    return stale
