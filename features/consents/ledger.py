"""Of whom may anything be said just now, and who may be reached? One ledger, for every worker and every command."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import IntEnum
from itertools import islice

import orjson

from features.consents.consent import (
    ALL_CHANNELS,
    MARKETING,
    PROFILING,
    Consent,
    Consents,
    Defaults,
    LedgerRecord,
    ReachRequest,
)
from features.consents.storage import DEFAULTS, LedgerStorage, WriteTransaction
from features.storage.secret import keyed_digest

BATCH_SIZE = 1000  # customers in one write, which others wait for
_TOMBSTONE_PURPOSE = "tombstone"


class ConsentStatus(IntEnum):
    """What a customer's own word makes of them."""

    GRANTED = 0
    UNKNOWN = 1  # said nothing, and the shop's default is no
    DENIED = 2  # said no
    ERASED = 3


@dataclass(frozen=True)
class ConsentSnapshot:
    """All words of one customer, at one state of the ledger."""

    consents: Consents
    state: int


@dataclass(frozen=True)
class ProfilingScope:
    """Of whom predictions may be made and learned: of everybody but these, or of nobody but these."""

    by_default: bool
    exception_ids: tuple[str, ...]  # ascending

    @property
    def fingerprint(self) -> str:
        """Changes when, and only when, somebody else may be profiled."""
        return hashlib.sha256(orjson.dumps([self.by_default, self.exception_ids])).hexdigest()


class Ledger:
    """Consents and tombstones."""

    def __init__(self, storage: LedgerStorage, load_secret: Callable[[], bytes]) -> None:
        self._storage = storage
        self._load_secret = load_secret
        self._secret: bytes | None = None

    @property
    def timeout_seconds(self) -> float | None:
        """The most seconds that a read should take; None where it never waits for another machine."""
        return self._storage.timeout_seconds

    def state(self) -> int:
        """What every change makes greater: what an export was made by."""
        return self._storage.state()

    def defaults(self) -> Defaults:
        """What counts for a customer who never said anything."""
        return _parse_defaults(self._storage.meta(DEFAULTS))

    def set_defaults(self, defaults: Defaults) -> None:
        """Let other defaults count from now on."""

        def say(draft: WriteTransaction) -> None:
            if defaults != _parse_defaults(draft.stored.defaults):
                draft.next_state()
                draft.set_meta(DEFAULTS, orjson.dumps(asdict(defaults)))

        self._storage.write([], [], say)

    def statuses(self, customer_ids: Sequence[str], now: int) -> list[ConsentStatus]:
        """What may be said of each of these customers at an instant, microseconds since 1970 UTC."""
        return [standing for standing, _, _ in self._evaluate(customer_ids, now)]

    def can_reach(self, customer_ids: Sequence[str], request: ReachRequest, now: int) -> list[bool]:
        """Who of these customers may be reached so at an instant."""
        return [
            standing is not ConsentStatus.ERASED and request.is_allowed(consents, now, defaults)
            for standing, consents, defaults in self._evaluate(customer_ids, now)
        ]

    def allowed_channels(
        self, customer_ids: Sequence[str], channel_sets: Sequence[Collection[str]], now: int
    ) -> list[list[str]]:
        """On which of some channels each of these customers may be written to at an instant."""
        judged = zip(channel_sets, self._evaluate(customer_ids, now), strict=True)
        return [
            [one for one in channels if ReachRequest(MARKETING, one).is_allowed(consents, now, defaults)]
            for channels, (_, consents, defaults) in judged
        ]

    def consents(self, customer_id: str) -> ConsentSnapshot:
        """What one customer agreed to."""
        found = self._storage.read([customer_id], [])
        return ConsentSnapshot(_parse_consents(found.records[0]), found.state)

    def record(self, updates: Mapping[str, Iterable[Consent]], *, replace_ties: bool = False) -> int:
        """Write what customers said, where it is newer than what is held; how many of them that changed.

        Words of the forgotten are not written. Of two words of one instant the first stays, unless said ``replace_ties``.
        """
        words = {customer_id: list(some) for customer_id, some in updates.items()}

        def write(draft: WriteTransaction) -> int:
            found = draft.stored
            held = zip(words.items(), found.records, found.erased, strict=True)
            return sum(
                _merge(draft, customer_id, record, some, replace_ties=replace_ties)
                for (customer_id, some), record, forgotten in held
                if not forgotten
            )

        return self._storage.write(list(words), [self._tombstone(one) for one in words], write)

    def identity(self) -> str:
        """What tells it from another that took its place."""
        return self._storage.identity()

    def all_records(self) -> Iterator[LedgerRecord]:
        """Every customer who said anything."""
        return map(LedgerRecord.from_bytes, self._storage.records())

    def changed_since(self, state: int) -> list[LedgerRecord]:
        """Who said anything after a state of the ledger."""
        return [LedgerRecord.from_bytes(value) for value in self._storage.changed_since(state)]

    def profiling_scope(self, now: int) -> ProfilingScope:
        """Of whom predictions may be made and learned at an instant."""
        defaults = self.defaults()
        others = (
            record.customer_id
            for record in self.all_records()
            if record.consents.allows(PROFILING, ALL_CHANNELS, now, defaults) != defaults.profiling
        )
        return ProfilingScope(defaults.profiling, tuple(sorted(others)))

    def erase(self, customer_id: str) -> int:
        """Remove a customer's words for good and leave a tombstone; how many words there were."""
        tombstone = self._tombstone(customer_id)

        def write(draft: WriteTransaction) -> int:
            (held,) = draft.stored.records
            record = None if held is None else LedgerRecord.from_bytes(held)
            before = None if record is None else record.state
            draft.remove(customer_id, before)
            draft.add_tombstone(tombstone, draft.next_state())
            return 0 if record is None else len(record.consents.entries)

        return self._storage.write([customer_id], [], write)

    def import_from(self, other: Ledger) -> None:
        """Hold what another ledger of the same secret holds, where it is newer; done twice it is as done once."""

        def bury(draft: WriteTransaction) -> None:
            for tombstone in stones - self._storage.tombstones().keys():
                draft.add_tombstone(tombstone, draft.next_state())

        stones = other._storage.tombstones().keys()
        self._storage.write([], [], bury)
        if self._storage.meta(DEFAULTS) is None:
            self.set_defaults(other.defaults())
        records = other.all_records()
        while some := {one.customer_id: one.consents.entries for one in islice(records, BATCH_SIZE)}:
            self.record(some)

    def erased_among(self, customer_ids: Iterable[str], since: int = 0) -> list[str]:
        """Who of these customers is forgotten, by a word after a state of the ledger."""
        stones = {stone for stone, state in self._storage.tombstones().items() if state > since}
        return [one for one in customer_ids if self._tombstone(one) in stones] if stones else []

    def erasures(self) -> list[int]:
        """The states of the ledger at which somebody was forgotten, ascending."""
        return sorted(self._storage.tombstones().values())

    def _evaluate(self, customer_ids: Sequence[str], now: int) -> Iterator[tuple[ConsentStatus, Consents, Defaults]]:
        found = self._storage.read(customer_ids, [self._tombstone(one) for one in customer_ids])
        defaults = _parse_defaults(found.defaults)
        for value, forgotten in zip(found.records, found.erased, strict=True):
            consents = _parse_consents(value)
            yield _consent_status(consents, now, defaults, erased=forgotten), consents, defaults

    def _tombstone(self, customer_id: str) -> bytes:
        if self._secret is None:
            self._secret = self._load_secret()
        return keyed_digest(self._secret, _TOMBSTONE_PURPOSE, customer_id)


def _merge(
    transaction: WriteTransaction,
    customer_id: str,
    stored: bytes | None,
    updates: Iterable[Consent],
    *,
    replace_ties: bool,
) -> bool:
    """Whether the words were news."""
    record = None if stored is None else LedgerRecord.from_bytes(stored)
    before = Consents() if record is None else record.consents
    after = before.merge(updates, replace_ties=replace_ties)
    if after == before:
        return False
    state = transaction.next_state()
    packed = LedgerRecord(customer_id, after, state).to_bytes()
    transaction.put(customer_id, packed, None if record is None else record.state, state)
    return True


def _parse_defaults(payload: bytes | None) -> Defaults:
    return Defaults() if payload is None else Defaults(**orjson.loads(payload))


def _parse_consents(payload: bytes | None) -> Consents:
    return Consents() if payload is None else LedgerRecord.from_bytes(payload).consents


def _consent_status(consents: Consents, now: int, defaults: Defaults, *, erased: bool) -> ConsentStatus:
    if erased:
        return ConsentStatus.ERASED
    if consents.allows(PROFILING, ALL_CHANNELS, now, defaults):
        return ConsentStatus.GRANTED
    spoken = any(word.purpose == PROFILING for word in consents.entries)
    return ConsentStatus.DENIED if spoken else ConsentStatus.UNKNOWN
