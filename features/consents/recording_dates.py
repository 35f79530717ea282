"""Recording dates: a consent dated in the future counts from when it was recorded, so that a later no outranks it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from features.calendar import DAY_US
from features.consents.consent import Consent, Consents

MAX_AHEAD = DAY_US  # microseconds that the date of a consent may be ahead of the clock, for clocks that differ


def clamp_dates(updates: Iterable[Consent], now: int) -> list[Consent]:
    """The consents with dates up to ``now``, microseconds since 1970 UTC, when they are recorded."""
    return [replace(consent, changed_at=min(consent.changed_at, now)) for consent in updates]


def settle_future_dates(stored: Consents, now: int) -> Consents:
    """Stored consents without dates after ``now``, which only an earlier version, or a clock that was wrong, wrote.

    When such a grant was recorded is not known, so it counts from the earliest instant at which it can have been:
    MAX_AHEAD before its date, or the beginning of time where even that lies after ``now``. Every denial since then
    outranks it. A denial counts from ``now``.
    """
    if all(consent.changed_at <= now for consent in stored.entries):
        return stored
    return Consents(tuple(_settle(consent, now) for consent in stored.entries))


def earliest_recording(claimed_at: int, now: int) -> int:
    """The earliest instant at which a grant dated ``claimed_at``, after ``now``, can have been recorded."""
    return claimed_at - MAX_AHEAD if claimed_at - MAX_AHEAD <= now else 0


def _settle(consent: Consent, now: int) -> Consent:
    if consent.changed_at <= now:
        return consent
    return replace(consent, changed_at=earliest_recording(consent.changed_at, now) if consent.granted else now)
