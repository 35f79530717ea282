"""Consent: a customer's latest decision for each purpose and channel, and what they allow together."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from functools import cached_property

import orjson

from features.canonical_form import canonical_word
from features.checksums import seal, unseal
from features.errors import StoreDamaged

PROFILING = "profiling"  # predictions, segments, training
MARKETING = "marketing"  # messages to the customer
PURPOSES = (PROFILING, MARKETING)
ALL_CHANNELS = "*"  # every channel without a consent of its own
MAX_CHANNELS = 50  # with consents of their own, of one customer
_MAX_SCANNED = 3  # consents that are found faster by looking at each than through an index


def parse_purpose(text: str) -> str:
    """A purpose of the shop configuration: profiling, marketing, or marketing on one channel such as marketing.email.

    It is returned in canonical form.

    Raises:
        ValueError: it is none of these.
    """
    word = canonical_word(text)
    purpose, dot, channel = word.partition(".")
    if purpose not in PURPOSES or (dot and (purpose == PROFILING or not channel)):
        raise ValueError(
            f"found {text!r}; expected {PROFILING}, {MARKETING}, or a channel of it like {MARKETING}.email"
        )
    return word


@dataclass(frozen=True, order=True)
class Consent:
    """One consent of a customer: granted or denied, for a purpose on a channel, from an instant on."""

    purpose: str
    channel: str  # ALL_CHANNELS, or a channel's name
    granted: bool
    changed_at: int  # microseconds since 1970 UTC
    until: int | None = None  # microseconds since 1970 UTC, when a grant expires

    def is_effective(self, now: int) -> bool:
        """Whether the consent allows its purpose at an instant, microseconds since 1970 UTC."""
        return self.granted and (self.until is None or now < self.until)


@dataclass(frozen=True)
class Defaults:
    """Consent defaults: whether each purpose is allowed for a customer who has no consent recorded for it."""

    profiling: bool = True
    marketing: bool = False

    def for_purpose(self, purpose: str) -> bool:
        """The default of one of the two purposes."""
        return self.profiling if purpose == PROFILING else self.marketing


NOTHING_ALLOWED = Defaults(profiling=False, marketing=False)


@dataclass(frozen=True)
class Consents:
    """All consents of one customer, one for each purpose and channel."""

    entries: tuple[Consent, ...] = ()

    @cached_property
    def _by_purpose(self) -> Mapping[str, Mapping[str, Consent]]:
        by_purpose: dict[str, dict[str, Consent]] = {}
        for consent in self.entries:
            by_purpose.setdefault(consent.purpose, {})[consent.channel] = consent
        return by_purpose

    def _find(self, purpose: str, channel: str) -> Consent | None:
        if len(self.entries) > _MAX_SCANNED:
            return self._by_purpose.get(purpose, {}).get(channel)
        for consent in self.entries:
            if consent.channel == channel and consent.purpose == purpose:
                return consent
        return None

    def channels(self, purpose: str) -> frozenset[str]:
        """The channels with a consent of their own."""
        return frozenset(self._by_purpose.get(purpose, ())) - {ALL_CHANNELS}

    def allows(self, purpose: str, channel: str, now: int, defaults: Defaults) -> bool:
        """Whether a purpose is allowed on a channel at an instant, microseconds since 1970 UTC.

        The consent for the channel decides, unless a later consent denies the purpose on all channels. Without one for
        the channel, the consent for all channels decides, and without that, the default. ALL_CHANNELS asks for the
        channels without a consent of their own.
        """
        for_channel, for_all = self._find(purpose, canonical_word(channel)), self._find(purpose, ALL_CHANNELS)
        if for_channel is None or for_channel is for_all:
            return defaults.for_purpose(purpose) if for_all is None else for_all.is_effective(now)
        if for_all is not None and not for_all.is_effective(now) and _denied_since(for_all) >= for_channel.changed_at:
            return False
        return for_channel.is_effective(now)

    def allowed_channels(self, purpose: str, channels: Collection[str], now: int, defaults: Defaults) -> list[str]:
        """The known channels on which a purpose is allowed at an instant; ALL_CHANNELS stands for all others."""
        return [
            channel for channel in (ALL_CHANNELS, *sorted(channels)) if self.allows(purpose, channel, now, defaults)
        ]

    def merge(self, updates: Iterable[Consent], *, replace_ties: bool) -> Consents:
        """The consents with newer updates in place of older ones.

        Of two with the same time the denial wins; with ``replace_ties`` the update does. At most MAX_CHANNELS channels
        have consents of their own: see ``fold_channels``.
        """
        by_key = {_key(consent): consent for consent in self.entries}
        for consent in map(_with_canonical_channel, updates):
            stored = by_key.get(_key(consent))
            if (
                stored is None
                or consent.changed_at > stored.changed_at
                or (consent.changed_at == stored.changed_at and (replace_ties or not consent.granted))
            ):
                by_key[_key(consent)] = consent
        return Consents(fold_channels(tuple(sorted(by_key.values(), key=_key))))

    def expiry_times(self) -> list[int]:
        """The instants at which a grant expires, microseconds since 1970 UTC."""
        return [consent.until for consent in self.entries if consent.granted and consent.until is not None]


@dataclass(frozen=True)
class LedgerRecord:
    """The consents of one customer, and the ledger's state number when they were written."""

    customer_id: str
    consents: Consents
    state: int

    def to_bytes(self) -> bytes:
        """The record as JSON bytes with a checksum."""
        fields = [self.customer_id, self.state, [astuple(consent) for consent in self.consents.entries]]
        return seal(orjson.dumps(fields))

    @classmethod
    def from_bytes_if_intact(cls, value: bytes) -> LedgerRecord | None:
        """The record from its bytes; None for a damaged one."""
        try:
            return cls.from_bytes(value)
        except StoreDamaged:
            return None

    @classmethod
    def from_bytes(cls, value: bytes) -> LedgerRecord:
        """The record from its JSON bytes; one of an earlier version has no checksum.

        Raises:
            StoreDamaged: the record is not as it was written.
        """
        try:
            customer_id, state, entries = orjson.loads(unseal(value))
            consents = tuple(Consent(*entry) for entry in entries)
        except (ValueError, TypeError) as error:
            raise StoreDamaged(
                f"Found a damaged record among the consents ({error}); expected it as it was written. Until it is "
                "restored from a backup, its customer counts as one who said no."
            ) from None
        return cls(customer_id, Consents(fold_channels(canonical_consents(consents))), state)


def canonical_consents(consents: tuple[Consent, ...]) -> tuple[Consent, ...]:
    """Stored consents with canonical channels; a ledger of an earlier version has them as the caller wrote them."""
    if all(consent.channel == canonical_word(consent.channel) for consent in consents):
        return consents
    merged = merge_spellings((consent.channel, consent) for consent in consents)
    return Consents().merge(merged, replace_ties=False).entries


def fold_channels(consents: tuple[Consent, ...]) -> tuple[Consent, ...]:
    """The consents of one customer with at most MAX_CHANNELS channels of marketing that have one of their own.

    The oldest grants without an end are left out first, then the oldest of the others. A left-out grant leaves its
    channel to the consent for all channels. A left-out denial, or grant with an end, becomes a denial of marketing on
    all channels, because no denial may be lost.
    """
    if len(consents) <= MAX_CHANNELS:
        return consents
    own = [consent for consent in consents if consent.purpose == MARKETING and consent.channel != ALL_CHANNELS]
    own.sort(key=lambda consent: (_is_lasting(consent), -consent.changed_at, consent.channel))
    left_out = own[MAX_CHANNELS:]
    by_key = {_key(consent): consent for consent in {*consents} - {*left_out}}
    denials = [consent.changed_at for consent in left_out if not _is_lasting(consent)]
    if denials:
        for_all = by_key.get((MARKETING, ALL_CHANNELS))
        since = max(denials if for_all is None else [*denials, for_all.changed_at])
        by_key[MARKETING, ALL_CHANNELS] = Consent(MARKETING, ALL_CHANNELS, granted=False, changed_at=since)
    return tuple(sorted(by_key.values(), key=_key))


def _is_lasting(consent: Consent) -> bool:
    return consent.granted and consent.until is None


def _key(consent: Consent) -> tuple[str, str]:
    return consent.purpose, consent.channel


def merge_spellings(consents: Iterable[tuple[Hashable, Consent]]) -> list[Consent]:
    """The consents of one customer with canonical channels; each comes with the spelling in which it was found.

    Within one spelling the newest consent counts. Where spellings differ, a denial in any of them wins over a grant in
    another, whatever their times: it counts from the newest of these times on. Else the order stays.
    """
    groups: dict[tuple[str, str], list[tuple[Hashable, Consent]]] = {}
    for spelling, consent in consents:
        canonical = _with_canonical_channel(consent)
        groups.setdefault((canonical.purpose, canonical.channel), []).append((spelling, canonical))
    return [consent for group in groups.values() for consent in _merge_group(group)]


def _merge_group(group: Sequence[tuple[Hashable, Consent]]) -> list[Consent]:
    in_order = sorted(group, key=lambda pair: (pair[1].changed_at, not pair[1].granted))
    latest = dict(in_order)
    denial = next((consent for consent in latest.values() if not consent.granted), None)
    if len(latest) == 1 or denial is None:
        return [consent for _, consent in group]
    return [replace(denial, changed_at=in_order[-1][1].changed_at)]


def _with_canonical_channel(consent: Consent) -> Consent:
    channel = canonical_word(consent.channel) or ALL_CHANNELS
    return consent if channel == consent.channel else replace(consent, channel=channel)


@dataclass(frozen=True)
class ReachRequest:
    """A request to reach customers: for a purpose, on one channel or, without one, on any."""

    purpose: str
    channel: str | None = None
    uses_scores: bool = True  # whether they were chosen by their scores, which takes their consent to profiling

    def is_allowed(self, consents: Consents, now: int, defaults: Defaults) -> bool:
        """Whether a customer with these consents may be reached at an instant."""
        if self.uses_scores and not consents.allows(PROFILING, ALL_CHANNELS, now, defaults):
            return False
        if self.channel is not None:
            return consents.allows(self.purpose, self.channel, now, defaults)
        return bool(consents.allowed_channels(self.purpose, consents.channels(self.purpose), now, defaults))


def _denied_since(consent: Consent) -> int:
    """The instant from which a consent denies its purpose: when it was denied, or when the grant expired."""
    return consent.changed_at if not consent.granted or consent.until is None else consent.until
