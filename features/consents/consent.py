"""What did a customer agree to? The last word for each purpose and channel, and what follows from them together."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import astuple, dataclass

import orjson

PROFILING = "profiling"  # predictions, segments, training
MARKETING = "marketing"  # being written to
PURPOSES = (PROFILING, MARKETING)
ALL = "*"  # every channel that has no word of its own


def meaning(said: str) -> str:
    """A purpose as a description may name it: profiling, marketing, or marketing on one channel, marketing.email.

    Raises:
        ValueError: it is none of these.
    """
    purpose, dot, channel = said.partition(".")
    if purpose not in PURPOSES or (dot and (purpose == PROFILING or not channel)):
        raise ValueError(
            f"found {said!r}; expected {PROFILING}, {MARKETING}, or a channel of it like {MARKETING}.email"
        )
    return said


@dataclass(frozen=True, order=True)
class Consent:
    """One word of a customer: granted or not, for a purpose on a channel, from an instant on."""

    purpose: str
    channel: str  # ALL, or a channel's name
    granted: bool
    changed_at: int  # microseconds since 1970 UTC
    until: int | None = None  # microseconds since 1970 UTC, from when on a grant counts no more

    def stands(self, now: int) -> bool:
        """Whether it allows anything at an instant."""
        return self.granted and (self.until is None or now < self.until)


@dataclass(frozen=True)
class Defaults:
    """What counts for a customer who never said anything of a purpose."""

    profiling: bool = True
    marketing: bool = False

    def of(self, purpose: str) -> bool:
        """For one of the two purposes."""
        return self.profiling if purpose == PROFILING else self.marketing


@dataclass(frozen=True)
class Consents:
    """All words of one customer, one for each purpose and channel."""

    words: tuple[Consent, ...] = ()

    def allows(self, purpose: str, channel: str, now: int, defaults: Defaults) -> bool:
        """Whether a purpose is allowed on a channel at an instant; for ALL, on channels without a word of their own.

        A channel's own word counts, unless a later one forbids the whole purpose; without one the purpose's counts.
        """
        said = {word.channel: word for word in self.words if word.purpose == purpose}
        own, general = said.get(channel), said.get(ALL)
        if own is None or own is general:
            return defaults.of(purpose) if general is None else general.stands(now)
        if general is not None and not general.stands(now) and _ended(general) >= own.changed_at:
            return False
        return own.stands(now)

    def channels(self, purpose: str, known: Collection[str], now: int, defaults: Defaults) -> list[str]:
        """On which of the known channels a purpose is allowed, ALL among them where it is without a channel's word."""
        return [one for one in (ALL, *sorted(known)) if self.allows(purpose, one, now, defaults)]

    def after(self, said: Iterable[Consent], *, again: bool) -> Consents:
        """With newer words in the place of older ones; of two of one instant the new stands where said ``again``."""
        words = {(word.purpose, word.channel): word for word in self.words}
        for word in said:
            held = words.get((word.purpose, word.channel))
            if held is None or word.changed_at > held.changed_at or (again and word.changed_at == held.changed_at):
                words[word.purpose, word.channel] = word
        return Consents(tuple(sorted(words.values(), key=lambda word: (word.purpose, word.channel))))

    def ends(self) -> list[int]:
        """The instants at which a grant runs out."""
        return [word.until for word in self.words if word.granted and word.until is not None]


@dataclass(frozen=True)
class Record:
    """What is kept of a customer, and the ledger's state when it was written."""

    customer_id: str
    consents: Consents
    state: int

    def packed(self) -> bytes:
        """As bytes."""
        return orjson.dumps([self.customer_id, self.state, [astuple(word) for word in self.consents.words]])

    @classmethod
    def unpacked(cls, value: bytes) -> Record:
        """From bytes."""
        customer_id, state, words = orjson.loads(value)
        return cls(customer_id, Consents(tuple(Consent(*word) for word in words)), state)


@dataclass(frozen=True)
class Asked:
    """Who may be reached: for a purpose, on a channel or, without one, on any."""

    purpose: str
    channel: str | None = None

    def allowed(self, consents: Consents, now: int, defaults: Defaults) -> bool:
        """Whether a customer with these consents may be reached so; never without consent to profiling."""
        if not consents.allows(PROFILING, ALL, now, defaults):
            return False
        if self.channel is not None:
            return consents.allows(self.purpose, self.channel, now, defaults)
        own = {word.channel for word in consents.words if word.purpose == self.purpose}
        return bool(consents.channels(self.purpose, own - {ALL}, now, defaults))


Said = Mapping[str, Iterable[Consent]]  # by customer


def _ended(general: Consent) -> int:
    """Since when a word for the whole purpose forbids it."""
    return general.changed_at if not general.granted or general.until is None else general.until
