"""What did a customer agree to? The last word for each purpose and channel, and what follows from them together."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import astuple, dataclass

import orjson

PROFILING = "profiling"  # predictions, segments, training
MARKETING = "marketing"  # being written to
PURPOSES = (PROFILING, MARKETING)
ALL_CHANNELS = "*"  # every channel that has no word of its own


def parse_purpose(text: str) -> str:
    """A purpose as a description may name it: profiling, marketing, or marketing on one channel, marketing.email.

    Raises:
        ValueError: it is none of these.
    """
    purpose, dot, channel = text.partition(".")
    if purpose not in PURPOSES or (dot and (purpose == PROFILING or not channel)):
        raise ValueError(
            f"found {text!r}; expected {PROFILING}, {MARKETING}, or a channel of it like {MARKETING}.email"
        )
    return text


@dataclass(frozen=True, order=True)
class Consent:
    """One word of a customer: granted or not, for a purpose on a channel, from an instant on."""

    purpose: str
    channel: str  # ALL, or a channel's name
    granted: bool
    changed_at: int  # microseconds since 1970 UTC
    until: int | None = None  # microseconds since 1970 UTC, from when on a grant counts no more

    def is_effective(self, now: int) -> bool:
        """Whether it allows anything at an instant."""
        return self.granted and (self.until is None or now < self.until)


@dataclass(frozen=True)
class Defaults:
    """What counts for a customer who never said anything of a purpose."""

    profiling: bool = True
    marketing: bool = False

    def for_purpose(self, purpose: str) -> bool:
        """For one of the two purposes."""
        return self.profiling if purpose == PROFILING else self.marketing


@dataclass(frozen=True)
class Consents:
    """All words of one customer, one for each purpose and channel."""

    entries: tuple[Consent, ...] = ()

    def allows(self, purpose: str, channel: str, now: int, defaults: Defaults) -> bool:
        """Whether a purpose is allowed on a channel at an instant; for ALL, on channels without a word of their own.

        A channel's own word counts, unless a later one forbids the whole purpose; without one the purpose's counts.
        """
        said = {word.channel: word for word in self.entries if word.purpose == purpose}
        own, general = said.get(channel), said.get(ALL_CHANNELS)
        if own is None or own is general:
            return defaults.for_purpose(purpose) if general is None else general.is_effective(now)
        if general is not None and not general.is_effective(now) and _denied_since(general) >= own.changed_at:
            return False
        return own.is_effective(now)

    def allowed_channels(self, purpose: str, channels: Collection[str], now: int, defaults: Defaults) -> list[str]:
        """On which of the known channels a purpose is allowed, ALL among them where it is without a channel's word."""
        return [one for one in (ALL_CHANNELS, *sorted(channels)) if self.allows(purpose, one, now, defaults)]

    def merge(self, updates: Iterable[Consent], *, replace_ties: bool) -> Consents:
        """With newer words in the place of older ones; of two of one instant the new stands where said ``replace_ties``."""
        words = {(word.purpose, word.channel): word for word in self.entries}
        for word in updates:
            held = words.get((word.purpose, word.channel))
            if (
                held is None
                or word.changed_at > held.changed_at
                or (replace_ties and word.changed_at == held.changed_at)
            ):
                words[word.purpose, word.channel] = word
        return Consents(tuple(sorted(words.values(), key=lambda word: (word.purpose, word.channel))))

    def expiry_times(self) -> list[int]:
        """The instants at which a grant runs out."""
        return [word.until for word in self.entries if word.granted and word.until is not None]


@dataclass(frozen=True)
class LedgerRecord:
    """What is kept of a customer, and the ledger's state when it was written."""

    customer_id: str
    consents: Consents
    state: int

    def to_bytes(self) -> bytes:
        """As bytes."""
        return orjson.dumps([self.customer_id, self.state, [astuple(word) for word in self.consents.entries]])

    @classmethod
    def from_bytes(cls, value: bytes) -> LedgerRecord:
        """From bytes."""
        customer_id, state, words = orjson.loads(value)
        return cls(customer_id, Consents(tuple(Consent(*word) for word in words)), state)


@dataclass(frozen=True)
class ReachRequest:
    """Who may be reached: for a purpose, on a channel or, without one, on any."""

    purpose: str
    channel: str | None = None

    def is_allowed(self, consents: Consents, now: int, defaults: Defaults) -> bool:
        """Whether a customer with these consents may be reached so; never without consent to profiling."""
        if not consents.allows(PROFILING, ALL_CHANNELS, now, defaults):
            return False
        if self.channel is not None:
            return consents.allows(self.purpose, self.channel, now, defaults)
        own = {word.channel for word in consents.entries if word.purpose == self.purpose}
        return bool(consents.allowed_channels(self.purpose, own - {ALL_CHANNELS}, now, defaults))


ConsentUpdates = Mapping[str, Iterable[Consent]]  # by customer


def _denied_since(general: Consent) -> int:
    """Since when a word for the whole purpose forbids it."""
    return general.changed_at if not general.granted or general.until is None else general.until
