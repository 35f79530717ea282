"""A shelf for consents in dictionaries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from features.consents.consent import Record
from features.consents.ledger import Ledger
from features.consents.storage import DEFAULTS, Done, Found


class DictionaryShelf:
    """Keeps everything in this process; one writer at a time is all there is."""

    patience: float | None = None

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}
        self.stones: dict[bytes, int] = {}
        self.facts: dict[str, bytes] = {}
        self.changes = 0

    def read(self, customer_ids: Sequence[str], tombstones: Sequence[bytes]) -> Found:
        records = [self.held.get(one) for one in customer_ids]
        return Found(self.changes, self.facts.get(DEFAULTS), records, [one in self.stones for one in tombstones])

    def fact(self, name: str) -> bytes | None:
        return self.facts.get(name)

    def state(self) -> int:
        return self.changes

    def records(self) -> Iterator[bytes]:
        yield from self.held.values()

    def changed_since(self, state: int) -> list[bytes]:
        return [value for value in self.held.values() if Record.unpacked(value).state > state]

    def tombstones(self) -> dict[bytes, int]:
        return dict(self.stones)

    def write(
        self, customer_ids: Sequence[str], tombstones: Sequence[bytes], work: Callable[[DictionaryDraft], Done]
    ) -> Done:
        return work(DictionaryDraft(self, self.read(customer_ids, tombstones)))

    def identity(self) -> str:
        return "dictionary"


class DictionaryDraft:
    """Writes at once."""

    def __init__(self, shelf: DictionaryShelf, found: Found) -> None:
        self._shelf = shelf
        self.found = found

    def next_state(self) -> int:
        self._shelf.changes = self.found.state + 1
        return self._shelf.changes

    def put(self, customer_id: str, value: bytes, before: int | None, state: int) -> None:  # noqa: ARG002
        self._shelf.held[customer_id] = value

    def remove(self, customer_id: str, before: int | None) -> None:  # noqa: ARG002
        self._shelf.held.pop(customer_id, None)

    def bury(self, tombstone: bytes, state: int) -> None:
        self._shelf.stones[tombstone] = state

    def say(self, name: str, value: bytes) -> None:
        self._shelf.facts[name] = value


def dictionary_ledger() -> Ledger:
    return Ledger(DictionaryShelf(), lambda: b"s" * 32)
