"""A ledger on a Redis that is frozen, gone, emptied, or another's: nobody's no becomes the default."""

from __future__ import annotations

import shutil
from pathlib import Path
from time import perf_counter

import pytest
from redis import Redis

from features.consents.consent import Defaults
from features.consents.ledger import Ledger, Standing
from features.consents.redis import RedisShelf
from features.consents.redis_transaction import CHANGES, FORGOTTEN, RECORDS, RedisDraft
from features.errors import LostRows, Unreachable
from features.storage.secret import BadSecret, secret
from tests.features.consents.machines import NO, machine, opened, says
from tests.redis_server import RedisServer


def timed(ledger: Ledger) -> float:
    """Seconds until it is said that nobody answers."""
    began = perf_counter()
    with pytest.raises(Unreachable, match=r"The consents' ledger at redis://127\.0\.0\.1:\d+/0 fails: "):
        ledger.standings(["ann"], 0)
    return perf_counter() - began


def test_a_frozen_redis_is_named_in_time_and_every_word_is_there_when_it_thaws(
    redis_of_its_own: RedisServer, tmp_path: Path
) -> None:
    ledger = opened(tmp_path, redis_of_its_own)
    ledger.record({"ann": [NO]})
    redis_of_its_own.freeze()
    assert ledger.patience is not None
    assert 0.4 < timed(ledger) < ledger.patience < 1.0
    redis_of_its_own.thaw()
    assert ledger.standings(["ann"], 100) == [Standing.WITHHELD]


def test_after_a_failure_nobody_waits_until_redis_has_rested(redis_of_its_own: RedisServer, tmp_path: Path) -> None:
    ledger = opened(tmp_path, redis_of_its_own, rest_seconds=5)
    redis_of_its_own.freeze()
    assert timed(ledger) > 0.4
    assert max(timed(ledger) for _ in range(20)) < 0.1
    with pytest.raises(Unreachable, match="fails"):
        ledger.record({"ann": [NO]})
    redis_of_its_own.thaw()


def test_a_writer_does_not_wait_for_ever_for_a_frozen_redis(redis_of_its_own: RedisServer, tmp_path: Path) -> None:
    ledger = opened(tmp_path, redis_of_its_own, "?socket_timeout=0.1")
    redis_of_its_own.freeze()
    with pytest.raises(Unreachable, match=r"answers within 0\.1 s"):
        ledger.record({"ann": [NO]})
    redis_of_its_own.thaw()
    assert ledger.record({"ann": [NO]}) == 1


def test_a_killed_redis_comes_back_with_every_word(redis_of_its_own: RedisServer, tmp_path: Path) -> None:
    ledger = opened(tmp_path, redis_of_its_own)
    ledger.record({"ann": [NO]})
    redis_of_its_own.kill()
    assert timed(ledger) < 0.3
    redis_of_its_own.start()
    assert ledger.standings(["ann"], 100) == [Standing.WITHHELD]


def test_an_emptied_redis_does_not_make_a_no_the_default(redis: RedisServer, tmp_path: Path) -> None:
    ledger = opened(tmp_path, redis)
    ledger.record({"ann": [NO]})
    redis.empty()
    for one in (ledger, opened(tmp_path, redis)):
        with pytest.raises(LostRows, match=r"found no ledger, expected \w{32}\. Restore its append-only file"):
            one.standings(["ann"], 100)
        with pytest.raises(LostRows, match="has lost the consents"):
            one.record({"bob": [NO]})
        with pytest.raises(LostRows, match="has lost the consents"):
            list(one.everybody())


def test_a_machine_that_only_ever_read_misses_them_too(redis: RedisServer, tmp_path: Path) -> None:
    opened(tmp_path, redis).record({"ann": [NO]})
    there = machine(tmp_path, "there")
    assert opened(there, redis).standings(["ann"], 100) == [Standing.WITHHELD]
    redis.empty()
    with pytest.raises(LostRows, match="has lost the consents"):
        opened(there, redis).standings(["ann"], 100)


def test_another_ledger_is_not_taken_for_ones_own(redis: RedisServer, tmp_path: Path) -> None:
    opened(tmp_path, redis).record({"ann": [NO]})
    redis.empty()
    opened(machine(tmp_path, "there"), redis).record({"bob": [NO]})
    with pytest.raises(LostRows, match=r"found \w{32}, expected \w{32}"):
        opened(tmp_path, redis).standings(["ann"], 100)


def test_where_nobody_said_anything_an_emptied_redis_is_no_loss(redis: RedisServer, tmp_path: Path) -> None:
    ledger = opened(tmp_path, redis)
    ledger.adopt(Defaults())
    assert ledger.standings(["ann"], 100) == [Standing.FREE]
    redis.empty()
    assert ledger.standings(["ann"], 100) == [Standing.FREE]


def test_who_removes_the_mark_begins_anew_without_a_restart(redis: RedisServer, tmp_path: Path) -> None:
    ledger = opened(tmp_path, redis)
    ledger.record({"ann": [NO]})
    redis.empty()
    (tmp_path / "consents.redis").unlink()
    assert ledger.standings(["ann"], 100) == [Standing.FREE]
    assert ledger.record({"ann": [NO]}) == 1
    assert opened(tmp_path, redis).standings(["ann"], 100) == [Standing.WITHHELD]


def test_a_ledger_begun_anew_is_ahead_of_every_state_of_the_old_one(redis: RedisServer, tmp_path: Path) -> None:
    """Scores remember by which state they were written, and look for what was said after it."""
    ledger = opened(tmp_path, redis)
    for turn in range(50):
        ledger.record({"ann": [says("email", at=turn)]})
    before = ledger.state()
    redis.empty()
    (tmp_path / "consents.redis").unlink()
    ledger.record({"bob": [NO]})
    assert [record.customer_id for record in ledger.changed_since(before)] == ["bob"]


@pytest.mark.parametrize("evicted", [RECORDS, CHANGES, FORGOTTEN])
def test_what_was_evicted_is_missed(redis: RedisServer, tmp_path: Path, evicted: str) -> None:
    ledger = opened(tmp_path, redis)
    ledger.record({"ann": [NO]})
    with Redis(port=redis.port) as client:
        client.delete(evicted)
    for _ in range(2):
        with pytest.raises(LostRows, match=r"found 3 of 4 keys.*noeviction"):
            ledger.standings(["ann"], 100)
        with pytest.raises(LostRows, match="found 3 of 4 keys"):
            ledger.record({"bob": [NO]})


def test_what_is_evicted_between_reading_and_writing_is_not_begun_again(redis: RedisServer, tmp_path: Path) -> None:
    opened(tmp_path, redis).record({"ann": [NO]})

    def late(draft: RedisDraft) -> None:
        with Redis(port=redis.port) as client:
            client.delete(RECORDS)
        draft.put("bob", b"[]", None, draft.next_state())

    with pytest.raises(LostRows, match="found 3 of 4 keys"):
        RedisShelf(redis.url, tmp_path).write(["bob"], [], late)


def test_what_another_ledger_took_the_place_of_is_not_written_to_it(redis: RedisServer, tmp_path: Path) -> None:
    opened(tmp_path, redis).record({"ann": [NO]})

    def late(draft: RedisDraft) -> None:
        redis.empty()
        opened(machine(tmp_path, "there"), redis).record({"bob": [NO]})
        draft.put("ann", b"[]", None, draft.next_state())

    with pytest.raises(LostRows, match=r"found \w{32}, expected \w{32}"):
        RedisShelf(redis.url, tmp_path).write(["ann"], [], late)


def test_a_home_with_another_secret_is_refused(redis: RedisServer, tmp_path: Path) -> None:
    opened(tmp_path / "here", redis).forget("ann")
    stranger = opened(tmp_path / "there", redis)
    with pytest.raises(BadSecret, match=r"another secret.*Copy the file from the home that began them"):
        stranger.standings(["ann"], 100)
    with pytest.raises(BadSecret, match="another secret"):
        stranger.forget("bob")
    shutil.copy(tmp_path / "here" / "secret", tmp_path / "there")
    assert opened(tmp_path / "there", redis).standings(["ann"], 100) == [Standing.FORGOTTEN]


def test_redis_keeps_no_id_of_the_forgotten_and_nothing_of_the_secret(redis: RedisServer, tmp_path: Path) -> None:
    ledger = opened(tmp_path, redis)
    ledger.record({"ann-of-the-mill": [NO]})
    ledger.forget("ann-of-the-mill")
    with Redis(port=redis.port) as client:
        kept = [client.hgetall(RECORDS), client.hgetall(FORGOTTEN), client.zrange(CHANGES, 0, -1), redis.names()]
        kept.append(client.hgetall("flywheel:consents:facts"))
    assert "ann-of-the-mill" not in repr(kept)
    assert secret(tmp_path).hex() not in repr(kept)
