"""Channel limit: one customer has consents of their own for so many channels, and loses no denial by it."""

from __future__ import annotations

from collections.abc import Iterable
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.consents import consent
from features.consents.consent import (
    ALL_CHANNELS,
    MARKETING,
    MAX_CHANNELS,
    PROFILING,
    Consent,
    Consents,
    Defaults,
    LedgerRecord,
)

NOW = 1000
MANY = MAX_CHANNELS + 10
FEW = 2  # the limit where hypothesis chooses
CHANNELS = ["email", "sms", "post", "push", ALL_CHANNELS]

consents_of_many_channels = st.lists(
    st.builds(
        Consent,
        st.just(MARKETING),
        st.sampled_from(CHANNELS),
        st.booleans(),
        st.integers(0, 5),
        st.none() | st.integers(0, 9),
    ),
    max_size=8,
    unique_by=lambda entry: (entry.channel, entry.changed_at),
)


def grants(count: int) -> list[Consent]:
    return [Consent(MARKETING, f"c{number}", granted=True, changed_at=number) for number in range(count)]


def merge(consents: Iterable[Consent]) -> Consents:
    return Consents().merge(consents, replace_ties=False)


@given(consents_of_many_channels, st.integers(0, 12))
def test_over_the_limit_nobody_is_reached_who_was_not_before(entries: list[Consent], now: int) -> None:
    unlimited = merge(entries)
    with patch.object(consent, "MAX_CHANNELS", FEW):
        folded = merge(entries)
    assert len(folded.channels(MARKETING)) <= FEW
    assert {*folded.allowed_channels(MARKETING, CHANNELS, now, Defaults())} <= {
        *unlimited.allowed_channels(MARKETING, CHANNELS, now, Defaults())
    }


@given(consents_of_many_channels)
def test_an_import_over_the_limit_is_idempotent(entries: list[Consent]) -> None:
    with patch.object(consent, "MAX_CHANNELS", FEW):
        once = merge(entries)
        assert once.merge(entries, replace_ties=False) == once


def test_the_oldest_grants_are_left_out_first() -> None:
    consents = merge([*grants(MANY), Consent(MARKETING, "old", granted=False, changed_at=-1)])
    assert "old" in consents.channels(MARKETING)
    assert {"c9", "c10"} - consents.channels(MARKETING) == {"c9", "c10"}
    assert consents.allows(MARKETING, f"c{MANY - 1}", NOW, Defaults())
    assert not consents.allows(MARKETING, "c0", NOW, Defaults())


def test_a_left_out_denial_denies_all_channels() -> None:
    denials = [Consent(MARKETING, f"d{number}", granted=False, changed_at=number) for number in range(MANY)]
    general = Consent(MARKETING, ALL_CHANNELS, granted=True, changed_at=NOW)
    assert not any(merge([general, *denials]).allowed_channels(MARKETING, ["d0", "other"], NOW, Defaults()))


def test_a_record_of_an_earlier_version_is_read_within_the_limit() -> None:
    stored = LedgerRecord("ann", Consents(tuple(grants(3000))), 7).to_bytes()
    assert len(LedgerRecord.from_bytes(stored).consents.entries) == MAX_CHANNELS


@pytest.mark.parametrize("count", [1, MAX_CHANNELS])
def test_nothing_is_left_out_within_the_limit(count: int) -> None:
    profiling = Consent(PROFILING, ALL_CHANNELS, granted=True, changed_at=1)
    general = Consent(MARKETING, ALL_CHANNELS, granted=True, changed_at=1)
    assert len(merge([profiling, general, *grants(count)]).entries) == count + 2
