"""Publication loader: a worker reads what the online store was published from beside the requests, not in them."""

from __future__ import annotations

from collections.abc import Callable

from features.errors import StoreUnavailable
from features.online.backends import Store
from features.publication import ROW_ID, VIEW, Publication


class PublicationLoader:
    """Follows the publication in the online store; each request reads ``current`` once."""

    def __init__(self, read: Callable[[], bytes | None]) -> None:
        """Set the callable that reads the stored publication; it returns None where there is none."""
        self.current: Publication | None = None
        self._read = read
        self._stored: bytes | None = None

    @classmethod
    def of_store(cls, store: Store) -> PublicationLoader:
        """The loader of the publication in an online store."""
        return cls(lambda: store.packed_values(VIEW, (ROW_ID,))[0])

    def poll(self) -> None:
        """Read the publication once; it stays as it is while the store does not answer."""
        try:
            stored = self._read()
        except StoreUnavailable:
            return
        if stored != self._stored:
            self.current = None if stored is None else Publication.from_bytes(stored)
            self._stored = stored
