"""Of whom may anything be said just now, and who may be reached? One ledger, for every worker and every command."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import IntEnum
from itertools import islice

import orjson

from features.consents.consent import ALL, MARKETING, PROFILING, Asked, Consent, Consents, Defaults, Record
from features.consents.storage import DEFAULTS, Draft, Shelf
from features.storage.secret import digest

AT_ONCE = 1000  # customers in one write, which others wait for
_TOMBSTONE = "tombstone"


class Standing(IntEnum):
    """What a customer's own word makes of them."""

    FREE = 0
    UNASKED = 1  # said nothing, and the shop's default is no
    WITHHELD = 2  # said no
    FORGOTTEN = 3


@dataclass(frozen=True)
class Spoken:
    """All words of one customer, at one state of the ledger."""

    consents: Consents
    state: int


@dataclass(frozen=True)
class Profiled:
    """Of whom predictions may be made and learned: of everybody but these, or of nobody but these."""

    by_default: bool
    others: tuple[str, ...]  # ascending

    @property
    def fingerprint(self) -> str:
        """Changes when, and only when, somebody else may be profiled."""
        return hashlib.sha256(orjson.dumps([self.by_default, self.others])).hexdigest()


class Ledger:
    """Consents and tombstones."""

    def __init__(self, shelf: Shelf, secret_of_home: Callable[[], bytes]) -> None:
        self._shelf = shelf
        self._secret_of_home = secret_of_home
        self._secret: bytes | None = None

    @property
    def patience(self) -> float | None:
        """The most seconds that a read should take; None where it never waits for another machine."""
        return self._shelf.patience

    def state(self) -> int:
        """What every change makes greater: what an export was made by."""
        return self._shelf.state()

    def defaults(self) -> Defaults:
        """What counts for a customer who never said anything."""
        return _defaults(self._shelf.fact(DEFAULTS))

    def adopt(self, defaults: Defaults) -> None:
        """Let other defaults count from now on."""

        def say(draft: Draft) -> None:
            if defaults != _defaults(draft.found.defaults):
                draft.next_state()
                draft.say(DEFAULTS, orjson.dumps(asdict(defaults)))

        self._shelf.write([], [], say)

    def standings(self, customer_ids: Sequence[str], now: int) -> list[Standing]:
        """What may be said of each of these customers at an instant, microseconds since 1970 UTC."""
        return [standing for standing, _, _ in self._judged(customer_ids, now)]

    def allowed(self, customer_ids: Sequence[str], asked: Asked, now: int) -> list[bool]:
        """Who of these customers may be reached so at an instant."""
        return [
            standing is not Standing.FORGOTTEN and asked.allowed(consents, now, defaults)
            for standing, consents, defaults in self._judged(customer_ids, now)
        ]

    def channels(self, customer_ids: Sequence[str], wanted: Sequence[Collection[str]], now: int) -> list[list[str]]:
        """On which of some channels each of these customers may be written to at an instant."""
        judged = zip(wanted, self._judged(customer_ids, now), strict=True)
        return [
            [one for one in channels if Asked(MARKETING, one).allowed(consents, now, defaults)]
            for channels, (_, consents, defaults) in judged
        ]

    def consents(self, customer_id: str) -> Spoken:
        """What one customer agreed to."""
        found = self._shelf.read([customer_id], [])
        return Spoken(_consents(found.records[0]), found.state)

    def record(self, said: Mapping[str, Iterable[Consent]], *, again: bool = False) -> int:
        """Write what customers said, where it is newer than what is held; how many of them that changed.

        Words of the forgotten are not written. Of two words of one instant the first stays, unless said ``again``.
        """
        words = {customer_id: list(some) for customer_id, some in said.items()}

        def write(draft: Draft) -> int:
            found = draft.found
            held = zip(words.items(), found.records, found.forgotten, strict=True)
            return sum(
                _merged(draft, customer_id, record, some, again=again)
                for (customer_id, some), record, forgotten in held
                if not forgotten
            )

        return self._shelf.write(list(words), [self._tombstone(one) for one in words], write)

    def identity(self) -> str:
        """What tells it from another that took its place."""
        return self._shelf.identity()

    def everybody(self) -> Iterator[Record]:
        """Every customer who said anything."""
        return map(Record.unpacked, self._shelf.records())

    def changed_since(self, state: int) -> list[Record]:
        """Who said anything after a state of the ledger."""
        return [Record.unpacked(value) for value in self._shelf.changed_since(state)]

    def profiled(self, now: int) -> Profiled:
        """Of whom predictions may be made and learned at an instant."""
        defaults = self.defaults()
        others = (
            record.customer_id
            for record in self.everybody()
            if record.consents.allows(PROFILING, ALL, now, defaults) != defaults.profiling
        )
        return Profiled(defaults.profiling, tuple(sorted(others)))

    def forget(self, customer_id: str) -> int:
        """Remove a customer's words for good and leave a tombstone; how many words there were."""
        tombstone = self._tombstone(customer_id)

        def write(draft: Draft) -> int:
            (held,) = draft.found.records
            record = None if held is None else Record.unpacked(held)
            before = None if record is None else record.state
            draft.remove(customer_id, before)
            draft.bury(tombstone, draft.next_state())
            return 0 if record is None else len(record.consents.words)

        return self._shelf.write([customer_id], [], write)

    def take_over(self, other: Ledger) -> None:
        """Hold what another ledger of the same secret holds, where it is newer; done twice it is as done once."""

        def bury(draft: Draft) -> None:
            for tombstone in stones - self._shelf.tombstones().keys():
                draft.bury(tombstone, draft.next_state())

        stones = other._shelf.tombstones().keys()
        self._shelf.write([], [], bury)
        if self._shelf.fact(DEFAULTS) is None:
            self.adopt(other.defaults())
        records = other.everybody()
        while some := {one.customer_id: one.consents.words for one in islice(records, AT_ONCE)}:
            self.record(some)

    def forgotten_among(self, customer_ids: Iterable[str], since: int = 0) -> list[str]:
        """Who of these customers is forgotten, by a word after a state of the ledger."""
        stones = {stone for stone, state in self._shelf.tombstones().items() if state > since}
        return [one for one in customer_ids if self._tombstone(one) in stones] if stones else []

    def erasures(self) -> list[int]:
        """The states of the ledger at which somebody was forgotten, ascending."""
        return sorted(self._shelf.tombstones().values())

    def _judged(self, customer_ids: Sequence[str], now: int) -> Iterator[tuple[Standing, Consents, Defaults]]:
        found = self._shelf.read(customer_ids, [self._tombstone(one) for one in customer_ids])
        defaults = _defaults(found.defaults)
        for value, forgotten in zip(found.records, found.forgotten, strict=True):
            consents = _consents(value)
            yield _standing(consents, now, defaults, forgotten=forgotten), consents, defaults

    def _tombstone(self, customer_id: str) -> bytes:
        if self._secret is None:
            self._secret = self._secret_of_home()
        return digest(self._secret, _TOMBSTONE, customer_id)


def _merged(draft: Draft, customer_id: str, held: bytes | None, words: Iterable[Consent], *, again: bool) -> bool:
    """Whether the words were news."""
    record = None if held is None else Record.unpacked(held)
    before = Consents() if record is None else record.consents
    after = before.after(words, again=again)
    if after == before:
        return False
    state = draft.next_state()
    packed = Record(customer_id, after, state).packed()
    draft.put(customer_id, packed, None if record is None else record.state, state)
    return True


def _defaults(said: bytes | None) -> Defaults:
    return Defaults() if said is None else Defaults(**orjson.loads(said))


def _consents(value: bytes | None) -> Consents:
    return Consents() if value is None else Record.unpacked(value).consents


def _standing(consents: Consents, now: int, defaults: Defaults, *, forgotten: bool) -> Standing:
    if forgotten:
        return Standing.FORGOTTEN
    if consents.allows(PROFILING, ALL, now, defaults):
        return Standing.FREE
    spoken = any(word.purpose == PROFILING for word in consents.words)
    return Standing.WITHHELD if spoken else Standing.UNASKED
