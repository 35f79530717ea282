"""Consent ledger: every consent and every tombstone of an erased customer, with a state number that only grows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import IntEnum
from itertools import islice

import orjson

from features.canonical_form import IdCase
from features.consents.consent import (
    ALL_CHANNELS,
    MARKETING,
    NOTHING_ALLOWED,
    PROFILING,
    Consent,
    Consents,
    Defaults,
    LedgerRecord,
    ReachRequest,
)
from features.consents.profiling_scope import ProfilingScope
from features.consents.record_writes import remove_records, write_newer
from features.consents.storage import DEFAULTS, LedgerStorage, WriteTransaction
from features.errors import StoreDamaged
from features.storage.secret import keyed_digest

BATCH_SIZE = 1000  # customers in one write; other writers wait for it
_TOMBSTONE_PURPOSE = "tombstone"
_ID_CASE = "id_case"  # the metadata value


class ConsentStatus(IntEnum):
    """What a customer's consents say about profiling."""

    GRANTED = 0
    UNKNOWN = 1  # no consent, and the shop's default is no
    DENIED = 2  # the customer said no
    ERASED = 3


@dataclass(frozen=True)
class ConsentSnapshot:
    """All consents of one customer, at one state of the ledger."""

    consents: Consents
    state: int


class Ledger:
    """The consent ledger: consents by customer, and tombstones of erased customers.

    Every method raises StoreUnavailable when the storage does not answer.
    """

    def __init__(self, storage: LedgerStorage, load_secret: Callable[[], bytes]) -> None:
        self._storage = storage
        self._load_secret = load_secret
        self._secret: bytes | None = None

    @property
    def timeout_seconds(self) -> float | None:
        """The time limit of a read, seconds; None where a read never waits for another machine."""
        return self._storage.timeout_seconds

    def state(self) -> int:
        """The state number of the ledger: every change increases it; 0 before the first."""
        return self._storage.state()

    def defaults(self) -> Defaults:
        """The consent defaults, for customers without a recorded consent."""
        return _parse_defaults(self._storage.meta(DEFAULTS))

    def set_defaults(self, defaults: Defaults) -> None:
        """Replace the consent defaults; the state changes only if they differ."""

        def write(transaction: WriteTransaction) -> None:
            if defaults != _parse_defaults(transaction.stored_records.defaults):
                transaction.next_state()
                transaction.set_meta(DEFAULTS, orjson.dumps(asdict(defaults)))

        self._storage.write([], [], write)

    def id_case(self) -> IdCase:
        """Whether customer ids that differ by case only are the same customer: as the newest log was ingested."""
        return "fold" if self._storage.meta(_ID_CASE) == b"fold" else "keep"

    def set_id_case(self, id_case: IdCase) -> None:
        """Replace ``id_case``; the state changes only if it differs."""

        def write(transaction: WriteTransaction) -> None:
            transaction.next_state()
            transaction.set_meta(_ID_CASE, id_case.encode())

        if id_case != self.id_case():
            self._storage.write([], [], write)

    def discard(self, customer_ids: Sequence[str]) -> None:
        """Remove the consents of these customers without a tombstone, as after a copy under another id."""
        self._storage.write(customer_ids, [], lambda transaction: remove_records(transaction, customer_ids))

    def statuses(self, customer_ids: Sequence[str], now: int) -> list[ConsentStatus]:
        """The consent status of each of these customers at an instant, microseconds since 1970 UTC."""
        return [status for status, _, _ in self._evaluate(customer_ids, now)]

    def can_reach(self, customer_ids: Sequence[str], request: ReachRequest, now: int) -> list[bool]:
        """Whether each of these customers may be reached at an instant, microseconds since 1970 UTC."""
        return [
            status is not ConsentStatus.ERASED and request.is_allowed(consents, now, defaults)
            for status, consents, defaults in self._evaluate(customer_ids, now)
        ]

    def allowed_channels(
        self, customer_ids: Sequence[str], channel_sets: Sequence[Collection[str]], now: int
    ) -> list[list[str]]:
        """The channels, of its entry in ``channel_sets``, on which each customer may get marketing at an instant."""
        evaluated = zip(channel_sets, self._evaluate(customer_ids, now), strict=True)
        return [
            [channel for channel in channels if ReachRequest(MARKETING, channel).is_allowed(consents, now, defaults)]
            for channels, (_, consents, defaults) in evaluated
        ]

    def consents(self, customer_id: str) -> ConsentSnapshot:
        """The consents of one customer."""
        result = self._storage.read([customer_id], [])
        return ConsentSnapshot(_parse_consents(result.records[0]), result.state)

    def record(
        self, updates: Mapping[str, Iterable[Consent]], *, now: int | None = None, replace_ties: bool = False
    ) -> int:
        """Write consents that are newer than the stored ones; returns the number of customers that changed.

        A consent dated after ``now``, microseconds since 1970 UTC by the clock of the machine, counts from ``now``.
        Without ``now`` the dates stay as they are, for copies of what was recorded before. Consents of erased customers
        are not written. Of two consents with the same time, the stored one stays unless ``replace_ties``. Idempotent:
        a repetition changes nothing.
        """
        consents_by_id = {customer_id: list(consents) for customer_id, consents in updates.items()}

        def write(transaction: WriteTransaction) -> int:
            result = transaction.stored_records
            stored = zip(consents_by_id.items(), result.records, result.erased, strict=True)
            return sum(
                write_newer(transaction, customer_id, record, consents, now=now, replace_ties=replace_ties)
                for (customer_id, consents), record, is_erased in stored
                if not is_erased
            )

        return self._storage.write(
            list(consents_by_id), [self.tombstone(customer_id) for customer_id in consents_by_id], write
        )

    def identity(self) -> str:
        """The id of this ledger; a new ledger that replaces it has another id."""
        return self._storage.identity()

    def all_records(self) -> Iterator[LedgerRecord]:
        """The record of every customer with a consent."""
        return map(LedgerRecord.from_bytes, self._storage.records())

    def changed_since(self, state: int) -> list[LedgerRecord]:
        """The records that changed after a state of the ledger."""
        return [LedgerRecord.from_bytes(value) for value in self._storage.changed_since(state)]

    def profiling_scope(self, now: int) -> ProfilingScope:
        """The customers that may be profiled at an instant, microseconds since 1970 UTC."""
        defaults = self.defaults()
        others = (
            record.customer_id
            for record in self.all_records()
            if record.consents.allows(PROFILING, ALL_CHANNELS, now, defaults) != defaults.profiling
        )
        return ProfilingScope(defaults.profiling, tuple(sorted(others)))

    def erase(self, customer_id: str) -> int:
        """Remove a customer's consents for good and leave a tombstone; returns the number of consents removed."""
        tombstone = self.tombstone(customer_id)

        def write(transaction: WriteTransaction) -> int:
            transaction.add_tombstone(tombstone, transaction.next_state())
            return remove_records(transaction, [customer_id])

        return self._storage.write([customer_id], [], write)

    def import_from(self, other: Ledger) -> None:
        """Import the newer consents and the tombstones of another ledger with the same secret. Idempotent."""
        self.add_tombstones(other._storage.tombstones().keys())
        if self._storage.meta(DEFAULTS) is None:
            self.set_defaults(other.defaults())
            self.set_id_case(other.id_case())
        records = other.all_records()
        while batch := {record.customer_id: record.consents.entries for record in islice(records, BATCH_SIZE)}:
            self.record(batch)

    def add_tombstones(self, tombstones: Collection[bytes]) -> int:
        """Add the tombstones, of a ledger with the same secret, that are missing; returns their number."""

        def write(transaction: WriteTransaction) -> int:
            for tombstone in (missing := {*tombstones} - self._storage.tombstones().keys()):
                transaction.add_tombstone(tombstone, transaction.next_state())
            return len(missing)

        return self._storage.write([], [], write)

    def erased_among(self, customer_ids: Iterable[str], since: int = 0) -> list[str]:
        """The given customers that were erased after a state of the ledger."""
        tombstones = {tombstone for tombstone, state in self._storage.tombstones().items() if state > since}
        if not tombstones:
            return []
        return [customer_id for customer_id in customer_ids if self.tombstone(customer_id) in tombstones]

    def erasures(self) -> list[int]:
        """The states of the ledger at which a customer was erased, ascending."""
        return sorted(self._storage.tombstones().values())

    def _evaluate(self, customer_ids: Sequence[str], now: int) -> Iterator[tuple[ConsentStatus, Consents, Defaults]]:
        result = self._storage.read(customer_ids, [self.tombstone(customer_id) for customer_id in customer_ids])
        defaults = _parse_defaults(result.defaults)
        for value, is_erased in zip(result.records, result.erased, strict=True):
            try:
                consents = _parse_consents(value)
            except StoreDamaged:  # fail closed: an unreadable record counts as a denial
                yield (ConsentStatus.ERASED if is_erased else ConsentStatus.DENIED), Consents(), NOTHING_ALLOWED
                continue
            yield _consent_status(consents, now, defaults, erased=is_erased), consents, defaults

    def tombstone(self, customer_id: str) -> bytes:
        """The keyed hash that stands for a customer after the erasure, 32 bytes."""
        if self._secret is None:
            self._secret = self._load_secret()
        return keyed_digest(self._secret, _TOMBSTONE_PURPOSE, customer_id)


def _parse_defaults(payload: bytes | None) -> Defaults:
    return Defaults() if payload is None else Defaults(**orjson.loads(payload))


def _parse_consents(payload: bytes | None) -> Consents:
    return Consents() if payload is None else LedgerRecord.from_bytes(payload).consents


def _consent_status(consents: Consents, now: int, defaults: Defaults, *, erased: bool) -> ConsentStatus:
    if erased:
        return ConsentStatus.ERASED
    if consents.allows(PROFILING, ALL_CHANNELS, now, defaults):
        return ConsentStatus.GRANTED
    has_consent = any(consent.purpose == PROFILING for consent in consents.entries)
    return ConsentStatus.DENIED if has_consent else ConsentStatus.UNKNOWN
