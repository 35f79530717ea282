"""Consents: a customer's recorded consents are read and changed through the ledger that all workers share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from features.canonical_form import canonical_id, canonical_word
from features.consents.consent import (
    ALL_CHANNELS,
    MARKETING,
    MAX_CHANNELS,
    NOTHING_ALLOWED,
    PROFILING,
    Consent,
    Consents,
    Defaults,
    merge_spellings,
)
from features.consents.ledger import ConsentStatus, Ledger
from features.consents.recording_dates import MAX_AHEAD, settle_future_dates
from serving.moments import resolve_instant, rfc3339
from serving.observability.audit_log import CONSENT, AuditLog
from serving.problems import Problem
from serving.schemas.predictions import FieldProblem
from serving.schemas.privacy import ConsentChange, ConsentChanges

_SECOND_US = 1_000_000


def consent_state(ledger: Ledger, customer_id: str, now: int) -> dict[str, Any]:
    """Return the consents of a customer, with the fields of ConsentsResponse and the id as the caller wrote it.

    Permissions are those at the instant ``now``, microseconds since 1970 UTC.

    Raises:
        StoreUnavailable: the ledger cannot be read.
    """
    canonical = canonical_id(customer_id, ledger.id_case())
    snapshot = ledger.consents(canonical)
    erased = ledger.statuses([canonical], now) == [ConsentStatus.ERASED]
    defaults = NOTHING_ALLOWED if erased else ledger.defaults()
    return {
        "customer_id": customer_id,
        "consents": [_to_response(consent) for consent in snapshot.consents.entries],
        "profiling": snapshot.consents.allows(PROFILING, ALL_CHANNELS, now, defaults),
        "marketing": _marketing_by_channel(snapshot.consents, now, defaults),
        "consent_state": str(snapshot.state),
    }


@dataclass(frozen=True)
class PendingConsents:
    """Requested consents that are not on record yet."""

    customer_id: str  # in canonical form
    consents: list[Consent]
    now: int  # microseconds since 1970 UTC, by the clock of the machine

    def __bool__(self) -> bool:
        return bool(self.consents)

    def audit_fields(self, audit_log: AuditLog) -> dict[str, Any]:
        """Return the fields that the audit log keeps: enough to record the consents again (see ``audit_replay``)."""
        entries = [{**asdict(consent), **_rfc3339_dates(consent)} for consent in self.consents]
        return {"customer": audit_log.pseudonym(self.customer_id), "consents": entries}

    def record(self, ledger: Ledger, audit_log: AuditLog, actor: str) -> None:
        """Write the consents to the ledger and a line to the audit.

        Denials come first and count even if their line cannot be written; a grant without a line is not written.

        Raises:
            StoreUnavailable: the ledger cannot be written.
            AuditWriteFailed: there are grants, and their line cannot be written.
        """
        denials, grants = self._those(granted=False), self._those(granted=True)
        if denials:
            denials.write(ledger)
            audit_log.append_done(CONSENT, actor, self.now, **denials.audit_fields(audit_log))
        if grants:
            audit_log.append(CONSENT, actor, self.now, **grants.audit_fields(audit_log))
            grants.write(ledger)

    def write(self, ledger: Ledger) -> None:
        """Write the consents to the ledger."""
        ledger.record({self.customer_id: self.consents}, now=self.now, replace_ties=True)

    def _those(self, *, granted: bool) -> PendingConsents:
        return replace(self, consents=[consent for consent in self.consents if consent.granted == granted])


def _rfc3339_dates(consent: Consent) -> dict[str, str | None]:
    until = None if consent.until is None else rfc3339(consent.until)
    return {"changed_at": rfc3339(consent.changed_at), "until": until}


def pending_changes(
    ledger: Ledger, customer_id: str, changes: ConsentChanges, now: int, zone: ZoneInfo
) -> PendingConsents:
    """Return the requested changes that are not on record; a change without a date is dated now and becomes the newest.

    ``now`` is the clock of the machine, microseconds since 1970 UTC: consents are given in the real world, also to a
    service whose clock is pinned. A date after ``now`` counts as ``now``, so that a later denial outranks it. Of
    changes of one request to one channel the last wins; where they spell it in different ways, a denial does.

    Raises:
        Problem: the customer is erased (409), a date lies more than a day in the future, or a grant would be for one
            channel more than MAX_CHANNELS (422).
        StoreUnavailable: the ledger cannot be read.
    """
    customer_id = canonical_id(customer_id, ledger.id_case())
    if ledger.statuses([customer_id], now) == [ConsentStatus.ERASED]:
        raise Problem(409, "This customer was erased and stays erased: no data is stored under this id.")
    stored = settle_future_dates(ledger.consents(customer_id).consents, now)
    resolved: list[tuple[str | None, Consent]] = []
    for index, change in enumerate(changes.consents):
        before = stored.merge((consent for _, consent in resolved), replace_ties=True)
        resolved.append((change.channel, _resolve_change(index, change, before, now, zone)))
    updates = merge_spellings(resolved)
    _check_channel_count(stored, updates)
    after = stored.merge(updates, replace_ties=True)
    return PendingConsents(customer_id, [consent for consent in after.entries if consent not in stored.entries], now)


def _check_channel_count(stored: Consents, updates: Iterable[Consent]) -> None:
    """Refuse grants for more channels than a customer can have; a denial is never refused, see ``fold_channels``."""
    before = stored.channels(MARKETING)
    granted = {consent.channel for consent in updates if consent.granted} - {ALL_CHANNELS}
    if not granted <= before and len(before | granted) > MAX_CHANNELS:
        reason = (
            f"Found {len(before | granted)} channels with consents of their own for this customer; expected at most "
            f"{MAX_CHANNELS}. Leave the channel out for all channels, and do not name campaigns as channels."
        )
        raise Problem(422, reason, [FieldProblem(field="consents", reason=reason)])


def _resolve_change(index: int, change: ConsentChange, stored: Consents, now: int, zone: ZoneInfo) -> Consent:
    """Return the change with its date, or the grant on record that it repeats."""
    channel = canonical_word(change.channel or ALL_CHANNELS)
    until = None if change.until is None else resolve_instant(change.until, zone)
    changed_at = now if change.changed_at is None else resolve_instant(change.changed_at, zone)
    if changed_at > now + MAX_AHEAD:
        reason = f"Found {rfc3339(changed_at)}, while it is {rfc3339(now)}; expected an instant that has passed."
        raise Problem(422, reason, [FieldProblem(field=f"consents[{index}].changed_at", reason=reason)])
    if change.changed_at is not None and changed_at <= now:
        return Consent(change.purpose, channel, change.granted, changed_at, until)
    if not change.granted:
        # A repeated denial is dated anew: a log may still bring a grant from between the two.
        return Consent(change.purpose, channel, granted=False, changed_at=now, until=until)
    counts_from = _grant_date(stored, change.purpose, now)
    grant = Consent(change.purpose, channel, granted=True, changed_at=counts_from, until=until)
    return _find_repeated_grant(grant, stored, now) or grant


def _grant_date(stored: Consents, purpose: str, now: int) -> int:
    """Return from when a grant counts that is dated ``now``: from the beginning of this second, or the denial in it.

    A caller's dates often have whole seconds, so a denial of the same second would else seem to be older.
    """
    denials = (entry.changed_at for entry in stored.entries if entry.purpose == purpose and not entry.granted)
    return max(now - now % _SECOND_US, min(now, max(denials, default=0) + 1))


def _find_repeated_grant(grant: Consent, stored: Consents, now: int) -> Consent | None:
    """Return the grant on record that says the same and still counts; None if there is none, or it was denied since."""
    previous = _find(stored.entries, grant.purpose, grant.channel)
    if previous is None or (previous.granted, previous.until) != (True, grant.until):
        return None
    return previous if stored.allows(grant.purpose, grant.channel, now, Defaults()) else None


def _find(consents: Iterable[Consent], purpose: str, channel: str) -> Consent | None:
    return next((consent for consent in consents if (consent.purpose, consent.channel) == (purpose, channel)), None)


def _to_response(consent: Consent) -> dict[str, Any]:
    channel = None if consent.channel == ALL_CHANNELS else consent.channel
    return {**asdict(consent), "channel": channel, **_rfc3339_dates(consent)}


def _marketing_by_channel(consents: Consents, now: int, defaults: Defaults) -> dict[str, bool]:
    channels = (ALL_CHANNELS, *sorted(consents.channels(MARKETING)))
    return {channel: consents.allows(MARKETING, channel, now, defaults) for channel in channels}
