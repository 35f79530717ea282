"""Consent switches: what a customer agrees to, by purpose and channel, and the change that each switch offers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from features.consents.consent import ALL_CHANNELS, MARKETING, PROFILING


@dataclass(frozen=True, kw_only=True)
class ConsentSwitch:
    """Consent switch: one purpose on one channel, or on all others."""

    purpose: str
    channel: str | None  # None for profiling, and for all channels without a record of their own
    granted: bool  # whether it is allowed now
    changed_at: datetime | None  # of the record, on the shop's clock; None where the default of the shop decides
    until: datetime | None


def consent_switches(consents: Mapping[str, Any], zone: ZoneInfo) -> Sequence[ConsentSwitch]:
    """The switches of a customer, from the fields of ConsentsResponse: profiling, all channels, then each channel."""
    records = {(record["purpose"], record["channel"]): record for record in consents["consents"]}
    allowed = {(PROFILING, None): consents["profiling"]}
    for channel, granted in consents["marketing"].items():
        allowed[MARKETING, None if channel == ALL_CHANNELS else channel] = granted
    return [
        ConsentSwitch(
            purpose=purpose,
            channel=channel,
            granted=granted,
            changed_at=_local(records.get((purpose, channel), {}).get("changed_at"), zone),
            until=_local(records.get((purpose, channel), {}).get("until"), zone),
        )
        for (purpose, channel), granted in allowed.items()
    ]


def _local(instant: str | None, zone: ZoneInfo) -> datetime | None:
    return None if instant is None else datetime.fromisoformat(instant).astimezone(zone)
