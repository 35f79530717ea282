"""What holds of the ledger wherever it is kept."""

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
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Ledger:
    if request.param == "dictionary":
        return in_memory_ledger()
    return open_ledger(tmp_path, LMDB if request.param == "lmdb" else request.getfixturevalue("redis").url)


def denied(purpose: str = PROFILING, channel: str = ALL_CHANNELS, at: int = 5) -> Consent:
    return Consent(purpose, channel, granted=False, changed_at=at)


def granted(purpose: str = MARKETING, channel: str = "email", at: int = 5) -> Consent:
    return Consent(purpose, channel, granted=True, changed_at=at)


def test_who_said_nothing_is_as_the_shop_says(opened: Ledger) -> None:
    assert opened.statuses(["ann"], NOW) == [ConsentStatus.GRANTED]
    opened.set_defaults(Defaults(profiling=False))
    assert opened.statuses(["ann"], NOW) == [ConsentStatus.UNKNOWN]


def test_a_no_to_profiling_acts_at_once(opened: Ledger) -> None:
    opened.record({"ann": [denied()]})
    assert opened.statuses(["ann", "bob"], NOW) == [ConsentStatus.DENIED, ConsentStatus.GRANTED]
    assert opened.profiling_scope(NOW).exception_ids == ("ann",)


def test_an_older_word_changes_nothing_and_is_no_change(opened: Ledger) -> None:
    opened.record({"ann": [granted(at=9)]})
    before = opened.state()
    assert opened.record({"ann": [Consent(MARKETING, "email", granted=False, changed_at=8)]}) == 0
    assert opened.state() == before
    assert opened.can_reach(["ann"], EMAIL, NOW) == [True]


def test_every_change_moves_the_state_and_is_found_from_there(opened: Ledger) -> None:
    opened.record({"ann": [granted()], "bob": [granted()]})
    between = opened.state()
    opened.record({"bob": [denied(MARKETING, "email", at=6)]})
    assert [record.customer_id for record in opened.changed_since(between)] == ["bob"]
    assert sorted(record.customer_id for record in opened.changed_since(0)) == ["ann", "bob"]
    assert opened.changed_since(opened.state()) == []


def test_the_forgotten_leave_no_word_and_a_tombstone(opened: Ledger) -> None:
    opened.record({"ann": [granted(), denied()]})
    assert opened.erase("ann") == 2
    assert opened.statuses(["ann", "bob"], NOW) == [ConsentStatus.ERASED, ConsentStatus.GRANTED]
    assert opened.consents("ann").consents.entries == ()
    assert list(opened.all_records()) == []
    assert opened.erased_among(["ann", "bob"]) == ["ann"]
    assert opened.erased_among(["ann"], since=opened.state()) == []


def test_a_log_read_again_does_not_bring_the_forgotten_back(opened: Ledger) -> None:
    opened.erase("ann")
    assert opened.record({"ann": [granted()]}) == 0
    assert opened.can_reach(["ann"], EMAIL, NOW) == [False]


def test_to_forget_twice_is_to_forget(opened: Ledger) -> None:
    opened.erase("ann")
    assert opened.erase("ann") == 0
    assert opened.statuses(["ann"], NOW) == [ConsentStatus.ERASED]


def test_any_id_has_a_record_of_its_own(opened: Ledger) -> None:
    ids = ["", "a", "a\0b", "客户 1", "ü" * 256, "ü" * 255 + "x"]
    opened.record({one: [denied(at=place)] for place, one in enumerate(ids)})
    found = [opened.consents(one).consents.entries[0].changed_at for one in ids]
    assert found == list(range(len(ids)))


def test_defaults_are_adopted_once(opened: Ledger) -> None:
    opened.set_defaults(Defaults(marketing=True))
    state = opened.state()
    opened.set_defaults(Defaults(marketing=True))
    assert opened.state() == state
    assert opened.can_reach(["ann"], EMAIL, NOW) == [True]


def test_another_process_sees_it(tmp_path: Path, online: str) -> None:
    open_ledger(tmp_path, online).record({"ann": [denied()]})
    again = open_ledger(tmp_path, online)
    assert again.statuses(["ann"], NOW) == [ConsentStatus.DENIED]


def test_the_home_keeps_no_id_of_the_forgotten(tmp_path: Path, online: str) -> None:
    kept = open_ledger(tmp_path, online)
    kept.record({"ann-of-the-mill": [denied()]})
    kept.erase("ann-of-the-mill")
    assert kept.erased_among(["ann-of-the-mill"]) == ["ann-of-the-mill"]
    assert list(kept.all_records()) == []
