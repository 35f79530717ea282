"""How is Redis written to, so that readers see the state before or the state after, whenever the writer is killed?

Rows go into a draft, a hash nobody reads yet that expires by itself. One script then names the drafts in the layers: a
replaced view is its draft from then on, a merged one is read through both hashes until its draft has sunk into the
hash below. Sinking may be repeated, so whoever writes next finishes what a killed writer began.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

from features.errors import Unreachable
from features.online.conflict_resolution import newer
from features.online.redis_manifest import LAYERS, MARK, Hashes, Layers, field, new_hash
from features.online.redis_scripts import COMMIT, FORGET, MERGE, SINK
from features.storage.redis_client import Link, Word

AT_ONCE = 1000  # rows a command; Redis answers nobody else for the 2 ms they take
MOST_AT_ONCE = 1000  # rows of a merge that needs no draft
DRAFT_SECONDS = 600  # after its writer was killed
TRIES = 100  # to be the one that changes the layers

Rows = dict[str, bytes]


class RedisWriter:
    """What shall be written, and then all of it at once."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._replaced: dict[str, Rows] = {}
        self._merged: dict[str, Rows] = {}

    def replace(self, view: str, packed: Mapping[str, bytes]) -> None:
        """Make the view hold exactly these customers, whatever it held before."""
        self._merged.pop(view, None)
        self._replaced[view] = dict(packed)

    def merge(self, view: str, packed: Mapping[str, bytes]) -> None:
        """Add to the view; a stored row with a later event time, or an equal and later created time, stays."""
        rows = self._replaced[view] if view in self._replaced else self._merged.setdefault(view, {})
        rows |= newer(rows, packed)

    def drop(self, view: str) -> None:
        """Remove every row of a view."""
        self.replace(view, {})

    def forget(self, customer_id: str) -> int:
        """Remove one customer's rows from every view at once, before all else; how many there were."""
        for rows in chain(self._replaced.values(), self._merged.values()):
            rows.pop(customer_id, None)
        for _ in range(TRIES):
            layers = self._settled()
            removed = self._link.run(FORGET, [LAYERS, *layers.keys], layers.text, field(customer_id))
            if removed is not None:
                return int(removed)
        raise self._too_many_writers()

    def commit(self) -> None:
        """Make it visible, all of it at once; raises Unreachable when Redis did not say that it is."""
        if not (self._replaced or self._merged) or self._merges_few():
            return
        rows = {view: rows for view, rows in {**self._replaced, **self._merged}.items() if rows}
        drafts: dict[str, Hashes] = {view: (self._draft(view, rows[view]),) for view in rows}
        for _ in range(TRIES):
            layers = self._settled()
            replaced = {view: drafts.get(view, ()) for view in self._replaced}
            merged = {view: layers.of(view) + drafts.get(view, ()) for view in self._merged}
            if self._change(
                layers, layers.changed(replaced | merged), [key for keys in drafts.values() for key in keys]
            ):
                self._settled()
                return
        raise self._too_many_writers()

    def _merges_few(self) -> bool:
        """Whether it was so little that one script could do it."""
        if self._replaced or sum(map(len, self._merged.values())) > MOST_AT_ONCE:
            return False
        for _ in range(TRIES):
            layers = self._settled()
            if not all(map(layers.of, self._merged)):
                return False
            keys = [key for view in self._merged for key in layers.of(view)]
            rows = [one for rows in self._merged.values() for one in _counted(rows)]
            if self._link.run(MERGE, [LAYERS, *keys], layers.text, *rows):
                return True
        raise self._too_many_writers()

    def _draft(self, view: str, rows: Rows) -> str:
        """The key of a new hash with these rows, and a mark that it is whole."""
        draft, flat = new_hash(view), [*_flat(rows), MARK, bytes(24)]
        for start in range(0, len(flat), 2 * AT_ONCE):
            some = flat[start : start + 2 * AT_ONCE]
            self._link.together(("HSET", draft, *some), ("EXPIRE", draft, DRAFT_SECONDS))
        return draft

    def _settled(self) -> Layers:
        """The layers, one hash a view: what is still on top of another sinks into it."""
        for _ in range(TRIES):
            layers = Layers(self._link.call("GET", LAYERS) or b"")
            deep = {view: keys for view, keys in layers.views.items() if len(keys) > 1}
            if not deep:
                return layers
            if all(self._sinks(layers, upper, keys[0]) for keys in deep.values() for upper in keys[1:]):
                self._change(layers, layers.changed({view: keys[:1] for view, keys in deep.items()}), [])
        raise self._too_many_writers()

    def _sinks(self, layers: Layers, upper: str, lower: str) -> bool:
        """Whether all rows of one hash went into another before the layers changed."""
        cursor = b"0"
        while True:
            cursor = self._link.run(SINK, [LAYERS, upper, lower], layers.text, cursor, AT_ONCE)
            if cursor is None or cursor == b"0":
                return cursor is not None

    def _change(self, layers: Layers, now: Layers, drafts: list[str]) -> bool:
        """Whether the layers could be changed, nobody else having done so before."""
        gone = [key for key in layers.keys if key not in now.keys]
        return bool(self._link.run(COMMIT, [LAYERS, *drafts, *gone], layers.text, now.text, len(drafts)))

    def _too_many_writers(self) -> Unreachable:
        return Unreachable(f"{self._link.name} was changed by others {TRIES} times in a row. Try again.")


def _counted(rows: Rows) -> list[Word]:
    """How many, then id, row, id, row, .."""
    return [len(rows), *_flat(rows)]


def _flat(rows: Rows) -> Iterator[bytes]:
    """Id, row, id, row, .."""
    return chain.from_iterable((field(customer_id), row) for customer_id, row in rows.items())
