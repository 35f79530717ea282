"""Consent: how the consents of one customer combine, and how newer ones replace older ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.consents.consent import (
    ALL_CHANNELS,
    MARKETING,
    PROFILING,
    Consent,
    Consents,
    Defaults,
    LedgerRecord,
    ReachRequest,
    parse_purpose,
)

DEFAULTS = Defaults(profiling=True, marketing=False)


def consent(
    channel: str, granted: bool, changed_at: int, until: int | None = None, purpose: str = MARKETING
) -> Consent:
    return Consent(purpose, channel, granted, changed_at, until)


def is_allowed(channel: str, *consents: Consent, now: int = 100) -> bool:
    return Consents(consents).allows(MARKETING, channel, now, DEFAULTS)


def test_who_never_said_anything_is_as_the_shop_says() -> None:
    assert Consents().allows(PROFILING, ALL_CHANNELS, 0, DEFAULTS)
    assert not Consents().allows(MARKETING, "email", 0, DEFAULTS)
    assert Consents().allows(MARKETING, "email", 0, Defaults(marketing=True))


def test_a_yes_to_marketing_is_one_on_every_channel_without_its_own_consent() -> None:
    assert is_allowed("email", consent(ALL_CHANNELS, True, 1))
    assert not is_allowed("sms", consent(ALL_CHANNELS, True, 1), consent("sms", False, 0))


def test_a_yes_on_one_channel_is_none_on_another() -> None:
    assert is_allowed("email", consent("email", True, 1))
    assert not is_allowed("sms", consent("email", True, 1))


def test_a_later_no_to_marketing_ends_every_channel() -> None:
    assert not is_allowed("email", consent("email", True, 1), consent(ALL_CHANNELS, False, 2))


def test_a_channel_granted_after_the_no_is_granted() -> None:
    assert is_allowed("email", consent(ALL_CHANNELS, False, 1), consent("email", True, 2))


def test_a_grant_runs_out() -> None:
    assert is_allowed("email", consent("email", True, 1, until=50), now=49)
    assert not is_allowed("email", consent("email", True, 1, until=50), now=50)
    assert not is_allowed("email", consent("email", True, 1), consent(ALL_CHANNELS, True, 2, until=50), now=50)


def test_nobody_without_consent_to_profiling_is_in_any_audience() -> None:
    consents = Consents((consent("email", True, 1), consent(ALL_CHANNELS, False, 1, purpose=PROFILING)))
    assert not ReachRequest(MARKETING, "email").is_allowed(consents, 9, DEFAULTS)


def test_without_a_channel_any_is_enough() -> None:
    assert ReachRequest(MARKETING).is_allowed(Consents((consent("sms", True, 1),)), 9, DEFAULTS)
    assert ReachRequest(MARKETING).is_allowed(
        Consents((consent(ALL_CHANNELS, True, 1), consent("sms", False, 1))), 9, DEFAULTS
    )
    assert not ReachRequest(MARKETING).is_allowed(Consents((consent("sms", False, 1),)), 9, DEFAULTS)


@pytest.mark.parametrize("purpose", ["ads", "profiling.email", "marketing.", ""])
def test_a_purpose_that_means_nothing_is_refused(purpose: str) -> None:
    with pytest.raises(ValueError, match=r"expected profiling, marketing, or a channel of it like marketing\.email"):
        parse_purpose(purpose)


consent_strategy = st.builds(
    Consent,
    st.sampled_from([PROFILING, MARKETING]),
    st.sampled_from([ALL_CHANNELS, "email", "sms"]),
    st.booleans(),
    st.integers(0, 5),
    st.none() | st.integers(0, 9),
)


@given(st.lists(consent_strategy), st.lists(consent_strategy))
def test_consents_may_arrive_in_any_order_if_no_two_are_of_one_instant(
    first: list[Consent], second: list[Consent]
) -> None:
    by_key = {(entry.purpose, entry.channel, entry.changed_at): entry for entry in first + second}
    distinct = list(by_key.values())
    assert Consents().merge(distinct, replace_ties=False) == Consents().merge(distinct[::-1], replace_ties=False)


@given(st.lists(consent_strategy))
def test_a_repeated_consent_changes_nothing(updates: list[Consent]) -> None:
    once = Consents().merge(updates, replace_ties=False)
    assert once.merge(updates, replace_ties=False) == once


@given(st.lists(consent_strategy), st.sampled_from(["email", "sms", "post"]), st.integers(6, 12))
def test_a_revocation_of_everything_leaves_nothing(entries: list[Consent], channel: str, now: int) -> None:
    consents = Consents().merge(entries, replace_ties=True).merge([consent(ALL_CHANNELS, False, 6)], replace_ties=True)
    assert not consents.allows(MARKETING, channel, now, Defaults(marketing=True))


@given(st.text(), st.lists(consent_strategy), st.integers(0, 9))
def test_a_record_survives_its_bytes(customer_id: str, entries: list[Consent], state: int) -> None:
    record = LedgerRecord(customer_id, Consents().merge(entries, replace_ties=False), state)
    assert LedgerRecord.from_bytes(record.to_bytes()) == record
