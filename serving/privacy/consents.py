"""What did this customer agree to, and what do they say now? Through the ledger that all workers share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, StrictBool, StringConstraints, model_validator

from features.consents.consent import ALL, MARKETING, PROFILING, Consent, Consents, Defaults
from features.consents.ledger import Ledger, Standing
from serving.moments import resolve, rfc3339
from serving.problems import Problem
from serving.schemas.base import Wire
from serving.schemas.predictions import AsOf, FieldProblem

DAY_US = 86_400_000_000
Channel = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class ConsentChange(Wire):
    """One word of the customer."""

    purpose: Literal["profiling", "marketing"]
    channel: Channel | None = Field(
        default=None, description="Of marketing; without one, every channel that has no word of its own."
    )
    granted: StrictBool
    changed_at: AsOf | None = Field(default=None, description="When the customer said so; default: now.")
    until: AsOf | None = Field(default=None, description="From when on a grant counts no more.")

    @model_validator(mode="after")
    def _profiling_has_no_channel(self) -> ConsentChange:
        if self.purpose == PROFILING and self.channel not in (None, ALL):
            raise ValueError(f"found the channel {self.channel!r} for profiling; expected none: leave it out")
        return self


class ConsentChanges(Wire):
    """What the customer says now; what is not named stays as it is."""

    consents: Annotated[list[ConsentChange], Field(min_length=1, max_length=100)]


class ConsentWord(Wire):
    """The customer's last word for one purpose and channel."""

    purpose: str
    channel: str | None
    granted: bool
    changed_at: datetime
    until: datetime | None


class ConsentsAnswer(Wire):
    """What a customer agreed to, and what follows from it now."""

    customer_id: str
    consents: list[ConsentWord]
    profiling: bool = Field(description="Whether anything may be predicted of the customer.")
    marketing: dict[str, bool] = Field(description="By channel; * stands for those without a word of their own.")
    consent_state: str = Field(description="Changes with every change in the ledger.", examples=["1207"])


def told(ledger: Ledger, customer_id: str, now: int) -> dict[str, Any]:
    """What is on record of a customer, as ConsentsAnswer."""
    spoken = ledger.consents(customer_id)
    forgotten = ledger.standings([customer_id], now) == [Standing.FORGOTTEN]
    defaults = Defaults(profiling=False, marketing=False) if forgotten else ledger.defaults()
    return {
        "customer_id": customer_id,
        "consents": [_word(word) for word in spoken.consents.words],
        "profiling": spoken.consents.allows(PROFILING, ALL, now, defaults),
        "marketing": _marketing(spoken.consents, now, defaults),
        "consent_state": str(spoken.state),
    }


@dataclass(frozen=True)
class News:
    """What a customer says that is not on record."""

    customer_id: str
    words: list[Consent]

    def __bool__(self) -> bool:
        return bool(self.words)

    def facts(self) -> list[dict[str, Any]]:
        """What the audit keeps of it."""
        return [{"purpose": one.purpose, "channel": one.channel, "granted": one.granted} for one in self.words]

    def record(self, ledger: Ledger) -> None:
        """Write it."""
        ledger.record({self.customer_id: self.words}, again=True)


def news(ledger: Ledger, customer_id: str, said: ConsentChanges, now: int, zone: ZoneInfo) -> News:
    """What of it is not on record; what is said without a date is said now, and is the last word.

    Raises:
        Problem: the customer is forgotten, or a date lies ahead.
    """
    if ledger.standings([customer_id], now) == [Standing.FORGOTTEN]:
        raise Problem(409, "This customer asked to be forgotten, and stays so: nothing is kept under this id any more.")
    held = ledger.consents(customer_id).consents
    new: list[Consent] = []
    for place, one in enumerate(said.consents):
        word = _meant(place, one, held.after(new, again=True), now, zone)
        new += [] if word is None else [word]
    return News(customer_id, [] if held.after(new, again=True) == held else new)


def _meant(place: int, said: ConsentChange, held: Consents, now: int, zone: ZoneInfo) -> Consent | None:
    """What is said, with its date; None where it is on record already."""
    channel = said.channel or ALL
    until = None if said.until is None else resolve(said.until, zone)
    if said.changed_at is not None:
        at = resolve(said.changed_at, zone)
        if at > now + DAY_US:
            reason = f"Found {rfc3339(at)}, while it is {rfc3339(now)}; expected an instant that has passed."
            raise Problem(422, reason, [FieldProblem(field=f"consents[{place}].changed_at", reason=reason)])
        return Consent(said.purpose, channel, said.granted, at, until)
    before = _held(held.words, said.purpose, channel)
    if before is not None and (before.granted, before.until) == (said.granted, until):
        return None
    return Consent(said.purpose, channel, said.granted, max(now, 0 if before is None else before.changed_at), until)


def _held(words: Iterable[Consent], purpose: str, channel: str) -> Consent | None:
    return next((word for word in words if (word.purpose, word.channel) == (purpose, channel)), None)


def _word(word: Consent) -> dict[str, Any]:
    return {
        "purpose": word.purpose,
        "channel": None if word.channel == ALL else word.channel,
        "granted": word.granted,
        "changed_at": rfc3339(word.changed_at),
        "until": None if word.until is None else rfc3339(word.until),
    }


def _marketing(consents: Consents, now: int, defaults: Defaults) -> dict[str, bool]:
    named = sorted({word.channel for word in consents.words if word.purpose == MARKETING} - {ALL})
    return {one: consents.allows(MARKETING, one, now, defaults) for one in (ALL, *named)}
