"""Lost ledger: a Redis that is frozen, gone, emptied, or another's never turns a denial into the default."""

from __future__ import annotations

import shutil
from pathlib import Path
from time import perf_counter

import pytest
from redis import Redis

from features.consents.consent import Defaults
from features.consents.ledger import ConsentStatus, Ledger
from features.consents.redis import RedisLedgerStorage
from features.consents.redis_transaction import (
    CHANGES_KEY,
    META_KEY,
    RECORDS_KEY,
    TOMBSTONES_KEY,
    RedisWriteTransaction,
)
from features.errors import RowsLost, StoreUnavailable
from features.storage.secret import InvalidSecret, load_secret
from tests.features.consents.machines import NO, machine_home, marketing_grant, open_ledger
from tests.redis_server import RedisServer


def seconds_until_failure(ledger: Ledger) -> float:
    """The seconds until a read raises StoreUnavailable."""
    start = perf_counter()
    with pytest.raises(StoreUnavailable, match=r"The consents' ledger at redis://127\.0\.0\.1:\d+/0 fails: "):
        ledger.statuses(["ann"], 0)
    return perf_counter() - start


def test_a_frozen_redis_is_named_in_time_and_every_consent_is_there_when_it_thaws(
    redis_of_its_own: RedisServer, tmp_path: Path
) -> None:
    ledger = open_ledger(tmp_path, redis_of_its_own)
    ledger.record({"ann": [NO]})
    redis_of_its_own.freeze()
    assert ledger.timeout_seconds is not None
    assert 0.4 < seconds_until_failure(ledger) < ledger.timeout_seconds < 1.0
    redis_of_its_own.thaw()
    assert ledger.statuses(["ann"], 100) == [ConsentStatus.DENIED]


def test_after_a_failure_nobody_waits_until_redis_has_rested(redis_of_its_own: RedisServer, tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path, redis_of_its_own, cooldown_seconds=5)
    redis_of_its_own.freeze()
    assert seconds_until_failure(ledger) > 0.4
    assert max(seconds_until_failure(ledger) for _ in range(20)) < 0.1
    with pytest.raises(StoreUnavailable, match="fails"):
        ledger.record({"ann": [NO]})
    redis_of_its_own.thaw()


def test_a_writer_does_not_wait_for_ever_for_a_frozen_redis(redis_of_its_own: RedisServer, tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path, redis_of_its_own, "?socket_timeout=0.1")
    redis_of_its_own.freeze()
    with pytest.raises(StoreUnavailable, match=r"answers within 0\.1 s"):
        ledger.record({"ann": [NO]})
    redis_of_its_own.thaw()
    assert ledger.record({"ann": [NO]}) == 1


def test_a_killed_redis_comes_back_with_every_consent(redis_of_its_own: RedisServer, tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path, redis_of_its_own)
    ledger.record({"ann": [NO]})
    redis_of_its_own.kill()
    assert seconds_until_failure(ledger) < 0.3
    redis_of_its_own.start()
    assert ledger.statuses(["ann"], 100) == [ConsentStatus.DENIED]


def test_an_emptied_redis_does_not_turn_a_denial_into_the_default(redis: RedisServer, tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path, redis)
    ledger.record({"ann": [NO]})
    redis.flush()
    for opened_ledger in (ledger, open_ledger(tmp_path, redis)):
        with pytest.raises(RowsLost, match=r"found no ledger, expected \w{32}\. Put the newest copy"):
            opened_ledger.statuses(["ann"], 100)
        with pytest.raises(RowsLost, match="has lost the consents"):
            opened_ledger.record({"bob": [NO]})
        with pytest.raises(RowsLost, match="has lost the consents"):
            list(opened_ledger.all_records())


def test_a_machine_that_only_ever_read_misses_them_too(redis: RedisServer, tmp_path: Path) -> None:
    open_ledger(tmp_path, redis).record({"ann": [NO]})
    other_home = machine_home(tmp_path, "other")
    assert open_ledger(other_home, redis).statuses(["ann"], 100) == [ConsentStatus.DENIED]
    redis.flush()
    with pytest.raises(RowsLost, match="has lost the consents"):
        open_ledger(other_home, redis).statuses(["ann"], 100)


def test_another_ledger_is_not_taken_for_ones_own(redis: RedisServer, tmp_path: Path) -> None:
    open_ledger(tmp_path, redis).record({"ann": [NO]})
    redis.flush()
    open_ledger(machine_home(tmp_path, "other"), redis).record({"bob": [NO]})
    with pytest.raises(RowsLost, match=r"found \w{32}, expected \w{32}"):
        open_ledger(tmp_path, redis).statuses(["ann"], 100)


def test_without_any_consent_an_emptied_redis_is_no_loss(redis: RedisServer, tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path, redis)
    ledger.set_defaults(Defaults())
    assert ledger.statuses(["ann"], 100) == [ConsentStatus.GRANTED]
    redis.flush()
    assert ledger.statuses(["ann"], 100) == [ConsentStatus.GRANTED]


def test_after_the_memory_is_removed_a_new_ledger_begins_without_a_restart(redis: RedisServer, tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path, redis)
    ledger.record({"ann": [NO]})
    redis.flush()
    (tmp_path / "ledger.json").unlink()
    assert ledger.statuses(["ann"], 100) == [ConsentStatus.GRANTED]
    assert ledger.record({"ann": [NO]}) == 1
    assert open_ledger(tmp_path, redis).statuses(["ann"], 100) == [ConsentStatus.DENIED]


def test_a_ledger_begun_anew_is_ahead_of_every_state_of_the_old_one(redis: RedisServer, tmp_path: Path) -> None:
    """Scores remember the state at which they were written, and read the consents after it."""
    ledger = open_ledger(tmp_path, redis)
    for turn in range(50):
        ledger.record({"ann": [marketing_grant("email", changed_at=turn)]})
    before = ledger.state()
    redis.flush()
    (tmp_path / "ledger.json").unlink()
    ledger.record({"bob": [NO]})
    assert [record.customer_id for record in ledger.changed_since(before)] == ["bob"]


@pytest.mark.parametrize("evicted", [RECORDS_KEY, CHANGES_KEY, TOMBSTONES_KEY])
def test_what_was_evicted_is_missed(redis: RedisServer, tmp_path: Path, evicted: str) -> None:
    ledger = open_ledger(tmp_path, redis)
    ledger.record({"ann": [NO]})
    with Redis(port=redis.port) as client:
        client.delete(evicted)
    for _ in range(2):
        with pytest.raises(RowsLost, match=r"found 3 of 4 keys.*noeviction"):
            ledger.statuses(["ann"], 100)
        with pytest.raises(RowsLost, match="found 3 of 4 keys"):
            ledger.record({"bob": [NO]})


def test_what_is_evicted_between_reading_and_writing_is_not_begun_again(redis: RedisServer, tmp_path: Path) -> None:
    open_ledger(tmp_path, redis).record({"ann": [NO]})

    def write_late(transaction: RedisWriteTransaction) -> None:
        with Redis(port=redis.port) as client:
            client.delete(RECORDS_KEY)
        transaction.put("bob", b"[]", None, transaction.next_state())

    with pytest.raises(RowsLost, match="found 3 of 4 keys"):
        RedisLedgerStorage(redis.url, tmp_path).write(["bob"], [], write_late)


def test_a_write_to_a_ledger_that_was_replaced_is_refused(redis: RedisServer, tmp_path: Path) -> None:
    open_ledger(tmp_path, redis).record({"ann": [NO]})

    def write_late(transaction: RedisWriteTransaction) -> None:
        redis.flush()
        open_ledger(machine_home(tmp_path, "other"), redis).record({"bob": [NO]})
        transaction.put("ann", b"[]", None, transaction.next_state())

    with pytest.raises(RowsLost, match=r"found \w{32}, expected \w{32}"):
        RedisLedgerStorage(redis.url, tmp_path).write(["ann"], [], write_late)


def test_a_home_with_another_secret_is_refused(redis: RedisServer, tmp_path: Path) -> None:
    open_ledger(tmp_path / "first", redis).erase("ann")
    other = open_ledger(tmp_path / "second", redis)
    with pytest.raises(InvalidSecret, match=r"another secret.*Copy the file from the home that began them"):
        other.statuses(["ann"], 100)
    with pytest.raises(InvalidSecret, match="another secret"):
        other.erase("bob")
    shutil.copy(tmp_path / "first" / "secret", tmp_path / "second")
    assert open_ledger(tmp_path / "second", redis).statuses(["ann"], 100) == [ConsentStatus.ERASED]


def test_redis_keeps_no_id_of_an_erased_customer_and_nothing_of_the_secret(redis: RedisServer, tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path, redis)
    ledger.record({"ann-of-the-mill": [NO]})
    ledger.erase("ann-of-the-mill")
    with Redis(port=redis.port) as client:
        contents = [
            client.hgetall(RECORDS_KEY),
            client.hgetall(TOMBSTONES_KEY),
            client.zrange(CHANGES_KEY, 0, -1),
            redis.keys(),
        ]
        contents.append(client.hgetall(META_KEY))
    assert "ann-of-the-mill" not in repr(contents)
    assert load_secret(tmp_path).hex() not in repr(contents)
