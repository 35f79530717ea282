"""Where do several machines keep the packed rows? In Redis: a hash per view, a field per customer, read in one trip."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import islice

from features.errors import LostRows, NothingThere, Unreachable
from features.online.conflict_resolution import newer
from features.online.feature_rows import Stored
from features.online.redis_manifest import LAYERS, MARK, Layers, field
from features.online.redis_writer import RedisWriter
from features.online.view_joiner import SideBySide
from features.storage.circuit_breaker import Breaker
from features.storage.redis_client import READING, WRITING, Link, Word
from features.views import View

REST_SECONDS = 1.0
LOOKS = 8  # at layers that change every time

Held = list[bytes | None]


class RedisReader:
    """Reads all views of a customer side by side, from one moment of the store."""

    def __init__(self, store: RedisStore, views: tuple[View, ...]) -> None:
        self._store = store
        self._side_by_side = SideBySide(views)

    @property
    def patience(self) -> float:
        """The most seconds that a read should take; it waits for another machine."""
        return self._store.patience

    def read(self, customer_ids: Sequence[str]) -> Stored:
        """What is stored of these customers, in the order asked for.

        Raises:
            Unreachable: Redis did not answer in time.
            NothingThere: nobody has published to it.
            LostRows: it holds less than was published.
            OtherSchema: the rows have other columns.
        """
        return self._side_by_side.stored(customer_ids, self._store.rows(self._side_by_side.views, customer_ids))

    def close(self) -> None:
        """Nothing to let go of: the connections belong to the store."""


class RedisStore:
    """The store in one database of a Redis."""

    def __init__(self, url: str, rest_seconds: float = REST_SECONDS) -> None:
        self._url = url
        self._link = Link(url, READING)
        self._breaker = Breaker(rest_seconds)
        self._layers = Layers(b"")

    @property
    def patience(self) -> float:
        """The most seconds that a read should take."""
        return 1.2 * (self._link.patience.connect + self._link.patience.answer)

    def reader(self, views: tuple[View, ...]) -> RedisReader:
        """Reads these views; Redis is not asked before somebody reads."""
        return RedisReader(self, views)

    @contextmanager
    def writing(self) -> Iterator[RedisWriter]:
        """One write: all of it becomes visible at once when the block ends, or, killed half way, nothing."""
        writer = RedisWriter(self._patient_link)
        yield writer
        writer.commit()

    @cached_property
    def _patient_link(self) -> Link:
        return Link(self._url, WRITING)

    def values(self, view: str, customer_ids: Sequence[str]) -> Held:
        """The packed rows as they lie there, None for an unknown customer or a store never published to."""
        try:
            return self.rows((view,), customer_ids)[0]
        except NothingThere:
            return [None] * len(customer_ids)

    def rows(self, views: Sequence[str], customer_ids: Sequence[str]) -> list[Held]:
        """The packed rows of all views at one moment, view by view; raises Unreachable, NothingThere and LostRows."""
        fields = [MARK, *map(field, customer_ids)]
        with self._breaker.watching():
            for _ in range(LOOKS):
                layers = self._layers
                asked: list[Sequence[Word]] = [("HMGET", key, *fields) for view in views for key in layers.of(view)]
                text, *answers = self._link.together(("GET", LAYERS), *asked)
                if text == layers.text:
                    return self._by_view(views, layers, answers, len(customer_ids))
                if text is None:
                    raise NothingThere(f"There is no online store in {self._link.name}. Publish: flywheel publish.")
                self._layers = Layers(text)
            raise Unreachable(f"The online store in {self._link.name} changed {LOOKS} times while it was read.")

    def _by_view(self, views: Sequence[str], layers: Layers, answers: Iterable[Held], customers: int) -> list[Held]:
        """Raises LostRows for a hash without its mark."""
        following, found = iter(answers), []
        for view in views:
            rows: Held = [None] * customers
            for depth, (mark, *layer) in enumerate(islice(following, len(layers.of(view)))):
                if mark is None:
                    raise LostRows(
                        f"{self._link.name} has lost rows of the view {view!r}. Publish them again: flywheel publish. "
                        "Keep Redis from evicting: maxmemory-policy noeviction."
                    )
                rows = _newest(rows, layer) if depth else layer
            found.append(rows)
        return found


def _newest(lower: Held, upper: Held) -> Held:
    """Each customer's newer row of two layers."""
    held = {at: row for at, row in enumerate(lower) if row is not None}
    held |= newer(held, {at: row for at, row in enumerate(upper) if row is not None})
    return [held.get(at) for at in range(len(lower))]
