"""What did this customer agree to, and what do they say now? Through the ledger that all workers share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, StrictBool, StringConstraints, model_validator

from features.consents.consent import ALL_CHANNELS, MARKETING, PROFILING, Consent, Consents, Defaults
from features.consents.ledger import ConsentStatus, Ledger
from serving.moments import resolve_instant, rfc3339
from serving.problems import Problem
from serving.schemas.base import StrictModel
from serving.schemas.predictions import AsOf, FieldProblem

DAY_US = 86_400_000_000
Channel = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class ConsentChange(StrictModel):
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
        if self.purpose == PROFILING and self.channel not in (None, ALL_CHANNELS):
            raise ValueError(f"found the channel {self.channel!r} for profiling; expected none: leave it out")
        return self


class ConsentChanges(StrictModel):
    """What the customer says now; what is not named stays as it is."""

    consents: Annotated[list[ConsentChange], Field(min_length=1, max_length=100)]


class ConsentRecord(StrictModel):
    """The customer's last word for one purpose and channel."""

    purpose: str
    channel: str | None
    granted: bool
    changed_at: datetime
    until: datetime | None


class ConsentsResponse(StrictModel):
    """What a customer agreed to, and what follows from it now."""

    customer_id: str
    consents: list[ConsentRecord]
    profiling: bool = Field(description="Whether anything may be predicted of the customer.")
    marketing: dict[str, bool] = Field(description="By channel; * stands for those without a word of their own.")
    consent_state: str = Field(description="Changes with every change in the ledger.", examples=["1207"])


def consent_state(ledger: Ledger, customer_id: str, now: int) -> dict[str, Any]:
    """What is on record of a customer, as ConsentsResponse."""
    spoken = ledger.consents(customer_id)
    forgotten = ledger.statuses([customer_id], now) == [ConsentStatus.ERASED]
    defaults = Defaults(profiling=False, marketing=False) if forgotten else ledger.defaults()
    return {
        "customer_id": customer_id,
        "consents": [_to_response(word) for word in spoken.consents.entries],
        "profiling": spoken.consents.allows(PROFILING, ALL_CHANNELS, now, defaults),
        "marketing": _marketing_by_channel(spoken.consents, now, defaults),
        "consent_state": str(spoken.state),
    }


@dataclass(frozen=True)
class PendingConsents:
    """What a customer says that is not on record."""

    customer_id: str
    consents: list[Consent]

    def __bool__(self) -> bool:
        return bool(self.consents)

    def audit_fields(self) -> list[dict[str, Any]]:
        """What the audit keeps of it."""
        return [{"purpose": one.purpose, "channel": one.channel, "granted": one.granted} for one in self.consents]

    def record(self, ledger: Ledger) -> None:
        """Write it."""
        ledger.record({self.customer_id: self.consents}, replace_ties=True)


def pending_changes(
    ledger: Ledger, customer_id: str, changes: ConsentChanges, now: int, zone: ZoneInfo
) -> PendingConsents:
    """What of it is not on record; what is said without a date is said now, and is the last word.

    Raises:
        Problem: the customer is forgotten, or a date lies ahead.
    """
    if ledger.statuses([customer_id], now) == [ConsentStatus.ERASED]:
        raise Problem(409, "This customer asked to be forgotten, and stays so: nothing is kept under this id any more.")
    held = ledger.consents(customer_id).consents
    new: list[Consent] = []
    for place, one in enumerate(changes.consents):
        word = _resolve_change(place, one, held.merge(new, replace_ties=True), now, zone)
        new += [] if word is None else [word]
    return PendingConsents(customer_id, [] if held.merge(new, replace_ties=True) == held else new)


def _resolve_change(index: int, change: ConsentChange, stored: Consents, now: int, zone: ZoneInfo) -> Consent | None:
    """What is said, with its date; None where it is on record already."""
    channel = change.channel or ALL_CHANNELS
    until = None if change.until is None else resolve_instant(change.until, zone)
    if change.changed_at is not None:
        at = resolve_instant(change.changed_at, zone)
        if at > now + DAY_US:
            reason = f"Found {rfc3339(at)}, while it is {rfc3339(now)}; expected an instant that has passed."
            raise Problem(422, reason, [FieldProblem(field=f"consents[{index}].changed_at", reason=reason)])
        return Consent(change.purpose, channel, change.granted, at, until)
    before = _find(stored.entries, change.purpose, channel)
    if before is not None and (before.granted, before.until) == (change.granted, until):
        return None
    return Consent(change.purpose, channel, change.granted, max(now, 0 if before is None else before.changed_at), until)


def _find(consents: Iterable[Consent], purpose: str, channel: str) -> Consent | None:
    return next((word for word in consents if (word.purpose, word.channel) == (purpose, channel)), None)


def _to_response(consent: Consent) -> dict[str, Any]:
    return {
        "purpose": consent.purpose,
        "channel": None if consent.channel == ALL_CHANNELS else consent.channel,
        "granted": consent.granted,
        "changed_at": rfc3339(consent.changed_at),
        "until": None if consent.until is None else rfc3339(consent.until),
    }


def _marketing_by_channel(consents: Consents, now: int, defaults: Defaults) -> dict[str, bool]:
    named = sorted({word.channel for word in consents.entries if word.purpose == MARKETING} - {ALL_CHANNELS})
    return {one: consents.allows(MARKETING, one, now, defaults) for one in (ALL_CHANNELS, *named)}
