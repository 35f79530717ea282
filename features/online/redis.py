"""Online store on Redis: a hash per view with a field per customer, read by several machines in one round trip."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import islice

from features.errors import NotFound, RowsLost, StoreUnavailable
from features.online.conflict_resolution import later_rows
from features.online.feature_rows import FeatureRows
from features.online.redis_manifest import MANIFEST_KEY, SENTINEL_FIELD, RedisManifest, customer_field
from features.online.redis_writer import RedisWriter
from features.online.view_joiner import ViewJoiner
from features.storage.circuit_breaker import CircuitBreaker
from features.storage.redis_client import READ_TIMEOUTS, WRITE_TIMEOUTS, CommandArgument, RedisClient
from features.views import View

COOLDOWN_SECONDS = 1.0
MAX_ATTEMPTS = 8  # reads of a manifest that changes every time

PackedValues = list[bytes | None]


class RedisReader:
    """A reader of all views of customers, at one moment of the store."""

    def __init__(self, store: RedisStore, views: tuple[View, ...]) -> None:
        self._store = store
        self._view_joiner = ViewJoiner(views)

    @property
    def timeout_seconds(self) -> float:
        """The time limit of a read, seconds."""
        return self._store.timeout_seconds

    def read(self, customer_ids: Sequence[str]) -> FeatureRows:
        """The stored features of these customers, in the requested order.

        Raises:
            StoreUnavailable: Redis did not answer in time.
            NotFound: nothing was published to it.
            RowsLost: it holds fewer rows than were published.
            SchemaMismatch: the rows have other columns.
        """
        return self._view_joiner.join(customer_ids, self._store.read_views(self._view_joiner.view_names, customer_ids))

    def close(self) -> None:
        """Does nothing: the connections belong to the store."""


class RedisStore:
    """The online store in one database of a Redis."""

    def __init__(self, url: str, cooldown_seconds: float = COOLDOWN_SECONDS) -> None:
        self._url = url
        self._read_client = RedisClient(url, READ_TIMEOUTS)
        self._breaker = CircuitBreaker(cooldown_seconds)
        self._manifest = RedisManifest(b"")

    @property
    def timeout_seconds(self) -> float:
        """The time limit of a read, seconds."""
        return 1.2 * (self._read_client.timeouts.connect_seconds + self._read_client.timeouts.reply_seconds)

    def reader(self, views: tuple[View, ...]) -> RedisReader:
        """A reader of these views; it connects at the first read."""
        return RedisReader(self, views)

    @contextmanager
    def write_transaction(self) -> Iterator[RedisWriter]:
        """One write: all of it becomes visible when the block ends, or, if the process is killed, nothing."""
        writer = RedisWriter(self._write_client)
        yield writer
        writer.commit()

    @cached_property
    def _write_client(self) -> RedisClient:
        return RedisClient(self._url, WRITE_TIMEOUTS)

    def packed_values(self, view: str, customer_ids: Sequence[str]) -> PackedValues:
        """The packed rows of one view, None for an unknown customer or before the first publication."""
        try:
            return self.read_views((view,), customer_ids)[0]
        except NotFound:
            return [None] * len(customer_ids)

    def remove_damaged(self) -> None:
        """Does nothing: Redis refuses damaged files by itself, and a publication replaces damaged rows."""

    def read_views(self, views: Sequence[str], customer_ids: Sequence[str]) -> list[PackedValues]:
        """The packed rows of all views at one moment, view by view.

        Raises:
            StoreUnavailable: Redis did not answer in time, or the manifest changed at every attempt.
            NotFound: nothing was published to it.
            RowsLost: it holds fewer rows than were published.
        """
        fields = [SENTINEL_FIELD, *map(customer_field, customer_ids)]
        with self._breaker.guard():
            for _ in range(MAX_ATTEMPTS):
                manifest = self._manifest
                commands: list[Sequence[CommandArgument]] = [
                    ("HMGET", key, *fields) for view in views for key in manifest.hash_keys(view)
                ]
                text, *answers = self._read_client.transaction(("GET", MANIFEST_KEY), *commands)
                if text == manifest.text:
                    return self._rows_by_view(views, manifest, answers, len(customer_ids))
                if text is None:
                    raise NotFound(f"There is no online store in {self._read_client.name}. Publish: flywheel publish.")
                self._manifest = RedisManifest(text)
            raise StoreUnavailable(
                f"The online store in {self._read_client.name} changed {MAX_ATTEMPTS} times while it was read."
            )

    def _rows_by_view(
        self, views: Sequence[str], manifest: RedisManifest, replies: Iterable[PackedValues], customers: int
    ) -> list[PackedValues]:
        """The newest rows of every view; raises RowsLost for a hash without its sentinel."""
        remaining, rows_by_view = iter(replies), []
        for view in views:
            rows: PackedValues = [None] * customers
            for depth, (sentinel, *layer) in enumerate(islice(remaining, len(manifest.hash_keys(view)))):
                if sentinel is None:
                    raise RowsLost(
                        f"{self._read_client.name} has lost rows of the view {view!r}. Publish them again: "
                        "flywheel publish. Keep Redis from evicting: maxmemory-policy noeviction."
                    )
                rows = _newest_rows(rows, layer) if depth else layer
            rows_by_view.append(rows)
        return rows_by_view


def _newest_rows(lower: PackedValues, upper: PackedValues) -> PackedValues:
    """The newer row of each customer, of two layers."""
    newest = {position: row for position, row in enumerate(lower) if row is not None}
    newest |= later_rows(newest, {position: row for position, row in enumerate(upper) if row is not None})
    return [newest.get(position) for position in range(len(lower))]
