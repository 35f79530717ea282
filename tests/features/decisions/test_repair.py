"""Binding and repair: a lost decision log is noticed at every use, and takes back what the history has."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from redis import Redis

from features.decisions.backends import LOCAL_FOLDER, has_decisions, open_decisions
from features.decisions.binding import MEMORY_FILE
from features.decisions.decision_log import DecisionLog
from features.decisions.redis import KEYS
from features.decisions.repair import repair_decisions
from features.errors import InvalidStore, RowsLost
from features.online.backends import LMDB
from pipelines.home import Home
from pipelines.learning.decisions.folding import fold
from tests.features.decisions.stores import decision, outcome
from tests.features.decisions.test_decision_log import SENT, send_until_accepted
from tests.redis_server import RedisServer


@pytest.fixture(params=["lmdb", "redis"])
def home(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    location = LMDB if request.param == "lmdb" else request.getfixturevalue("redis").url
    monkeypatch.setenv("FLYWHEEL_ONLINE_STORE", location)
    home = Home(tmp_path / "home")
    send_until_accepted(log_of(home), list(SENT))
    fold(home)
    return home


def log_of(home: Home) -> DecisionLog:
    return open_decisions(home.folder, home.online)


def lose(home: Home, request: pytest.FixtureRequest) -> None:
    if home.online == LMDB:
        shutil.rmtree(home.folder / LOCAL_FOLDER)
        (home.folder / LOCAL_FOLDER).mkdir()
    else:
        redis: RedisServer = request.getfixturevalue("redis")
        redis.flush()


def contents(log: DecisionLog) -> tuple[list[str], ...]:
    return tuple(sorted(map(str, records)) for records in (log.decisions(), log.exposures(), log.outcomes()))


def test_a_lost_log_is_not_begun_anew_until_it_is_repaired(home: Home, request: pytest.FixtureRequest) -> None:
    expected = contents(log_of(home))
    lose(home, request)
    log = log_of(home)
    for use in (lambda: log.find(["d1"]), lambda: log.record([decision("d9")]), log.counts, lambda: [*log.decisions()]):
        with pytest.raises(RowsLost, match=r"^The decision log of .* is lost: found none in the store .*, expected "):
            use()
    assert has_decisions(home.folder, home.online)
    assert repair_decisions(home.folder, home.online) == 4
    assert contents(log_of(home)) == expected
    assert sorted(log_of(home).customer_ids()) == ["ann", "bob"]
    assert repair_decisions(home.folder, home.online) == 0


def test_another_log_is_not_taken_for_the_homes_own(home: Home, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    lose(home, request)
    other = open_decisions(tmp_path / "other", home.online)
    other.record([decision("d9", "zoe")])
    if home.online == LMDB:
        del other
        shutil.rmtree(home.folder / LOCAL_FOLDER)
        shutil.copytree(tmp_path / "other" / LOCAL_FOLDER, home.folder / LOCAL_FOLDER)
    with pytest.raises(RowsLost, match=r"is lost: found [0-9a-f]{32} in the store"):
        log_of(home).counts()
    repair_decisions(home.folder, home.online)
    assert log_of(home).find(["d1", "d9"]) == [decision(), decision("d9", "zoe")]


def test_a_damaged_memory_is_said_and_repaired(home: Home) -> None:
    (home.folder / MEMORY_FILE).write_text("{}")
    with pytest.raises(InvalidStore, match=r"^Found .*decisions.json damaged; expected the id of the decision log"):
        log_of(home).counts()
    repair_decisions(home.folder, home.online)
    assert log_of(home).counts()["decisions"] == 2


def test_a_later_record_is_not_replaced_by_the_history(home: Home) -> None:
    later = outcome(decision_id="d1", value=9, recorded_at=99)
    log_of(home).record_outcomes([later])
    assert repair_decisions(home.folder, home.online) == 0
    assert [one.value for one in log_of(home).outcomes() if one.outcome_id == "o1"] == [9.0]


@pytest.mark.parametrize("key", KEYS)
def test_evicted_tables_come_back_and_an_erasure_finds_their_records(
    tmp_path: Path, redis: RedisServer, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("FLYWHEEL_ONLINE_STORE", redis.url)
    home = Home(tmp_path)
    send_until_accepted(log_of(home), list(SENT))
    fold(home)
    expected = contents(log_of(home))
    with Redis(port=redis.port) as client:
        client.delete(key)
    with pytest.raises(RowsLost, match="has lost decisions"):
        log_of(home).counts()
    repair_decisions(home.folder, home.online)
    assert contents(log_of(home)) == expected
    assert log_of(home).delete_customers(["ann"]) == {"decisions": 1, "exposures": 2, "outcomes": 2}


def test_a_log_in_redis_needs_its_address(tmp_path: Path, redis: RedisServer) -> None:
    open_decisions(tmp_path, redis.url).record([decision()])
    with pytest.raises(InvalidStore, match=r"^Found the online store lmdb for .*, whose decisions are in a Redis"):
        open_decisions(tmp_path, LMDB)


def test_a_local_log_that_is_gone_before_it_moved_is_lost(tmp_path: Path, redis: RedisServer) -> None:
    open_decisions(tmp_path, LMDB).record([decision()])
    shutil.rmtree(tmp_path / LOCAL_FOLDER)
    with pytest.raises(RowsLost, match=r"^Found no .*decisions, whose decisions were to move to Redis; expected"):
        open_decisions(tmp_path, redis.url)
