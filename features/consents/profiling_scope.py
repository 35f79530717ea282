"""Profiling scope: the customers whose data may be used for predictions, at one instant."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import orjson


@dataclass(frozen=True)
class ProfilingScope:
    """The customers that may be profiled: all but the exceptions, or only the exceptions."""

    by_default: bool
    exception_ids: tuple[str, ...]  # ascending

    @property
    def fingerprint(self) -> str:
        """A hash that changes if, and only if, the set of customers that may be profiled changes."""
        return hashlib.sha256(orjson.dumps([self.by_default, self.exception_ids])).hexdigest()
