"""What holds of the ledger wherever it is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.consents.backends import ledger
from features.consents.consent import ALL, MARKETING, PROFILING, Asked, Consent, Defaults
from features.consents.ledger import Ledger, Standing
from features.online.backends import LMDB
from tests.dictionary_storage import dictionary_ledger

NOW = 1_000
EMAIL = Asked(MARKETING, "email")


@pytest.fixture(params=["lmdb", "redis", "dictionary"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Ledger:
    if request.param == "dictionary":
        return dictionary_ledger()
    return ledger(tmp_path, LMDB if request.param == "lmdb" else request.getfixturevalue("redis").url)


def no(purpose: str = PROFILING, channel: str = ALL, at: int = 5) -> Consent:
    return Consent(purpose, channel, granted=False, changed_at=at)


def yes(purpose: str = MARKETING, channel: str = "email", at: int = 5) -> Consent:
    return Consent(purpose, channel, granted=True, changed_at=at)


def test_who_said_nothing_is_as_the_shop_says(opened: Ledger) -> None:
    assert opened.standings(["ann"], NOW) == [Standing.FREE]
    opened.adopt(Defaults(profiling=False))
    assert opened.standings(["ann"], NOW) == [Standing.UNASKED]


def test_a_no_to_profiling_acts_at_once(opened: Ledger) -> None:
    opened.record({"ann": [no()]})
    assert opened.standings(["ann", "bob"], NOW) == [Standing.WITHHELD, Standing.FREE]
    assert opened.profiled(NOW).others == ("ann",)


def test_an_older_word_changes_nothing_and_is_no_change(opened: Ledger) -> None:
    opened.record({"ann": [yes(at=9)]})
    before = opened.state()
    assert opened.record({"ann": [Consent(MARKETING, "email", granted=False, changed_at=8)]}) == 0
    assert opened.state() == before
    assert opened.allowed(["ann"], EMAIL, NOW) == [True]


def test_every_change_moves_the_state_and_is_found_from_there(opened: Ledger) -> None:
    opened.record({"ann": [yes()], "bob": [yes()]})
    between = opened.state()
    opened.record({"bob": [no(MARKETING, "email", at=6)]})
    assert [record.customer_id for record in opened.changed_since(between)] == ["bob"]
    assert sorted(record.customer_id for record in opened.changed_since(0)) == ["ann", "bob"]
    assert opened.changed_since(opened.state()) == []


def test_the_forgotten_leave_no_word_and_a_tombstone(opened: Ledger) -> None:
    opened.record({"ann": [yes(), no()]})
    assert opened.forget("ann") == 2
    assert opened.standings(["ann", "bob"], NOW) == [Standing.FORGOTTEN, Standing.FREE]
    assert opened.consents("ann").consents.words == ()
    assert list(opened.everybody()) == []
    assert opened.forgotten_among(["ann", "bob"]) == ["ann"]
    assert opened.forgotten_among(["ann"], since=opened.state()) == []


def test_a_log_read_again_does_not_bring_the_forgotten_back(opened: Ledger) -> None:
    opened.forget("ann")
    assert opened.record({"ann": [yes()]}) == 0
    assert opened.allowed(["ann"], EMAIL, NOW) == [False]


def test_to_forget_twice_is_to_forget(opened: Ledger) -> None:
    opened.forget("ann")
    assert opened.forget("ann") == 0
    assert opened.standings(["ann"], NOW) == [Standing.FORGOTTEN]


def test_any_id_has_a_record_of_its_own(opened: Ledger) -> None:
    ids = ["", "a", "a\0b", "客户 1", "ü" * 256, "ü" * 255 + "x"]
    opened.record({one: [no(at=place)] for place, one in enumerate(ids)})
    found = [opened.consents(one).consents.words[0].changed_at for one in ids]
    assert found == list(range(len(ids)))


def test_defaults_are_adopted_once(opened: Ledger) -> None:
    opened.adopt(Defaults(marketing=True))
    state = opened.state()
    opened.adopt(Defaults(marketing=True))
    assert opened.state() == state
    assert opened.allowed(["ann"], EMAIL, NOW) == [True]


def test_another_process_sees_it(tmp_path: Path, online: str) -> None:
    ledger(tmp_path, online).record({"ann": [no()]})
    again = ledger(tmp_path, online)
    assert again.standings(["ann"], NOW) == [Standing.WITHHELD]


def test_the_home_keeps_no_id_of_the_forgotten(tmp_path: Path, online: str) -> None:
    kept = ledger(tmp_path, online)
    kept.record({"ann-of-the-mill": [no()]})
    kept.forget("ann-of-the-mill")
    assert kept.forgotten_among(["ann-of-the-mill"]) == ["ann-of-the-mill"]
    assert list(kept.everybody()) == []
