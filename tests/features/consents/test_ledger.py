"""Ledger laws: what every backend of the consent ledger must do."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.consents.backends import open_ledger
from features.consents.consent import ALL_CHANNELS, MARKETING, PROFILING, Consent, Defaults, ReachRequest
from features.consents.ledger import ConsentStatus, Ledger
from features.online.backends import LMDB
from tests.dictionary_storage import in_memory_ledger

NOW = 1_000
EMAIL = ReachRequest(MARKETING, "email")


@pytest.fixture(params=["lmdb", "redis", "dictionary"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Ledger:
    if request.param == "dictionary":
        return in_memory_ledger()
    return open_ledger(tmp_path, LMDB if request.param == "lmdb" else request.getfixturevalue("redis").url)


def denial(purpose: str = PROFILING, channel: str = ALL_CHANNELS, changed_at: int = 5) -> Consent:
    return Consent(purpose, channel, granted=False, changed_at=changed_at)


def grant(purpose: str = MARKETING, channel: str = "email", changed_at: int = 5) -> Consent:
    return Consent(purpose, channel, granted=True, changed_at=changed_at)


def test_who_said_nothing_is_as_the_shop_says(ledger: Ledger) -> None:
    assert ledger.statuses(["ann"], NOW) == [ConsentStatus.GRANTED]
    ledger.set_defaults(Defaults(profiling=False))
    assert ledger.statuses(["ann"], NOW) == [ConsentStatus.UNKNOWN]


def test_a_no_to_profiling_acts_at_once(ledger: Ledger) -> None:
    ledger.record({"ann": [denial()]})
    assert ledger.statuses(["ann", "bob"], NOW) == [ConsentStatus.DENIED, ConsentStatus.GRANTED]
    assert ledger.profiling_scope(NOW).exception_ids == ("ann",)


def test_an_older_consent_changes_nothing(ledger: Ledger) -> None:
    ledger.record({"ann": [grant(changed_at=9)]})
    before = ledger.state()
    assert ledger.record({"ann": [Consent(MARKETING, "email", granted=False, changed_at=8)]}) == 0
    assert ledger.state() == before
    assert ledger.can_reach(["ann"], EMAIL, NOW) == [True]


def test_every_change_moves_the_state_and_is_found_from_there(ledger: Ledger) -> None:
    ledger.record({"ann": [grant()], "bob": [grant()]})
    between = ledger.state()
    ledger.record({"bob": [denial(MARKETING, "email", changed_at=6)]})
    assert [record.customer_id for record in ledger.changed_since(between)] == ["bob"]
    assert sorted(record.customer_id for record in ledger.changed_since(0)) == ["ann", "bob"]
    assert ledger.changed_since(ledger.state()) == []


def test_an_erased_customer_leaves_no_consent_and_a_tombstone(ledger: Ledger) -> None:
    ledger.record({"ann": [grant(), denial()]})
    assert ledger.erase("ann") == 2
    assert ledger.statuses(["ann", "bob"], NOW) == [ConsentStatus.ERASED, ConsentStatus.GRANTED]
    assert ledger.consents("ann").consents.entries == ()
    assert list(ledger.all_records()) == []
    assert ledger.erased_among(["ann", "bob"]) == ["ann"]
    assert ledger.erased_among(["ann"], since=ledger.state()) == []


def test_a_log_read_again_does_not_bring_an_erased_customer_back(ledger: Ledger) -> None:
    ledger.erase("ann")
    assert ledger.record({"ann": [grant()]}) == 0
    assert ledger.can_reach(["ann"], EMAIL, NOW) == [False]


def test_erasure_is_idempotent(ledger: Ledger) -> None:
    ledger.erase("ann")
    assert ledger.erase("ann") == 0
    assert ledger.statuses(["ann"], NOW) == [ConsentStatus.ERASED]


def test_any_id_has_a_record_of_its_own(ledger: Ledger) -> None:
    ids = ["", "a", "a\0b", "客户 1", "ü" * 256, "ü" * 255 + "x"]
    ledger.record({customer_id: [denial(changed_at=index)] for index, customer_id in enumerate(ids)})
    times = [ledger.consents(customer_id).consents.entries[0].changed_at for customer_id in ids]
    assert times == list(range(len(ids)))


def test_setting_the_same_defaults_again_changes_nothing(ledger: Ledger) -> None:
    ledger.set_defaults(Defaults(marketing=True))
    state = ledger.state()
    ledger.set_defaults(Defaults(marketing=True))
    assert ledger.state() == state
    assert ledger.can_reach(["ann"], EMAIL, NOW) == [True]


def test_another_process_sees_it(tmp_path: Path, online: str) -> None:
    open_ledger(tmp_path, online).record({"ann": [denial()]})
    reopened = open_ledger(tmp_path, online)
    assert reopened.statuses(["ann"], NOW) == [ConsentStatus.DENIED]


def test_the_home_keeps_no_id_of_an_erased_customer(tmp_path: Path, online: str) -> None:
    ledger = open_ledger(tmp_path, online)
    ledger.record({"ann-of-the-mill": [denial()]})
    ledger.erase("ann-of-the-mill")
    assert ledger.erased_among(["ann-of-the-mill"]) == ["ann-of-the-mill"]
    assert list(ledger.all_records()) == []
