"""What a Redis adds to the laws of the ledger: several writers, and one that is frozen, gone, emptied or another's."""

from __future__ import annotations

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter

import pytest
from redis import Redis

from features.consents.consent import MARKETING, PROFILING, Consent, Defaults
from features.consents.ledger import Ledger, Standing
from features.consents.redis import RedisShelf
from features.consents.redis_draft import CHANGES, FORGOTTEN, RECORDS, RedisDraft
from features.errors import LostRows, Unreachable
from features.secret import BadSecret, secret
from tests.redis_server import RedisServer

ROOT = Path(__file__).parents[3]
WRITERS, EACH = 8, 25
NO = Consent(PROFILING, "*", granted=False, changed_at=5)


def opened(home: Path, redis: RedisServer, options: str = "") -> Ledger:
    """The ledger as another process of this home has it: nothing is known but what home and Redis hold."""
    return Ledger(RedisShelf(redis.url + options, home, rest_seconds=0), lambda: secret(home))


def machine(tmp_path: Path, name: str) -> Path:
    """The home of another machine with the same secret."""
    secret(tmp_path)
    (tmp_path / name).mkdir()
    shutil.copy(tmp_path / "secret", tmp_path / name)
    return tmp_path / name


def says(channel: str, at: int = 5) -> Consent:
    return Consent(MARKETING, channel, granted=True, changed_at=at)


def test_a_no_on_one_machine_is_the_very_next_read_of_another(redis: RedisServer, tmp_path: Path) -> None:
    here, there = (opened(machine(tmp_path, name), redis) for name in ("here", "there"))
    for turn in range(20):
        here.record({"ann": [Consent(PROFILING, "*", granted=bool(turn % 2), changed_at=turn)]})
        assert there.standings(["ann"], 100) == [Standing.FREE if turn % 2 else Standing.WITHHELD]


def test_who_is_forgotten_on_one_machine_is_so_on_all(redis: RedisServer, tmp_path: Path) -> None:
    here, there = (opened(machine(tmp_path, name), redis) for name in ("here", "there"))
    here.forget("ann")
    assert there.standings(["ann"], 100) == [Standing.FORGOTTEN]
    assert there.record({"ann": [says("email")]}) == 0


def test_writers_at_once_lose_no_word_of_one_customer_and_make_no_state_twice(
    redis: RedisServer, tmp_path: Path
) -> None:
    homes = [machine(tmp_path, str(number)) for number in range(WRITERS)]

    def write(number: int) -> None:
        ledger = opened(homes[number], redis)
        for turn in range(EACH):
            ledger.record({"ann": [says(f"{number}-{turn}")], f"only-{number}": [says("email", at=turn)]})

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))
    ledger = opened(tmp_path, redis)
    assert len(ledger.consents("ann").consents.words) == WRITERS * EACH
    assert ledger.state() == WRITERS * EACH
    assert ledger.consents("only-3").consents.words[0].changed_at == EACH - 1


def test_of_writers_that_begin_a_ledger_together_one_does(redis: RedisServer, tmp_path: Path) -> None:
    for turn in range(20):
        redis.empty()
        secret(tmp_path / str(turn))
        ledgers = [opened(tmp_path / str(turn), redis) for _ in range(4)]
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda ledger, turn=turn: ledger.record({f"{turn}": [says("email")]}), ledgers))
        assert {ledger.identity() for ledger in ledgers} == {(tmp_path / str(turn) / "consents.redis").read_text()}


@pytest.mark.slow
def test_processes_that_write_at_once_lose_no_word(redis: RedisServer, tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from features.consents.backends import ledger\n"
        "from features.consents.consent import Consent\n"
        "for turn in range(50):\n"
        "    word = Consent('marketing', sys.argv[3] + str(turn), granted=True, changed_at=5)\n"
        "    ledger(Path(sys.argv[1]), sys.argv[2]).record({'ann': [word], sys.argv[3] + str(turn): [word]})\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path), redis.url]
    writers = [subprocess.Popen([*command, name], cwd=ROOT) for name in ("a", "b", "c")]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    ledger = opened(tmp_path, redis)
    assert (len(ledger.consents("ann").consents.words), ledger.state()) == (150, 150)
    assert len(list(ledger.everybody())) == 151


def test_a_write_that_fails_half_way_leaves_nothing(redis: RedisServer, tmp_path: Path) -> None:
    ledger = opened(tmp_path, redis)
    ledger.record({"ann": [says("email")]})
    shelf = RedisShelf(redis.url, tmp_path)

    def fails(draft: RedisDraft) -> None:
        draft.put("ann", b"[]", 1, draft.next_state())
        raise InterruptedError

    with pytest.raises(InterruptedError):
        shelf.write(["ann"], [], fails)
    assert ledger.consents("ann").state == 1
    assert len(ledger.consents("ann").consents.words) == 1


def test_what_is_written_rests_on_what_was_read(redis: RedisServer, tmp_path: Path) -> None:
    """Whoever is late does the work again."""
    shelf, other, seen = RedisShelf(redis.url, tmp_path), opened(tmp_path, redis), []

    def late(draft: RedisDraft) -> int:
        seen.append(draft.found.state)
        if len(seen) < 3:
            other.record({"ann": [says("email", at=len(seen))]})
        draft.say("defaults", b"{}")
        return draft.next_state()

    assert shelf.write(["ann"], [], late) == 3
    assert seen == [0, 1, 2]


def test_many_customers_are_all_found_and_each_once(redis: RedisServer, tmp_path: Path) -> None:
    ledger = opened(tmp_path, redis)
    ids = [f"{number:05d}" for number in range(2500)]
    ledger.record({one: [says("email")] for one in ids[:2200]})
    for one in ids[2200:]:
        ledger.record({one: [says("email")]})
    assert sorted(record.customer_id for record in ledger.everybody()) == ids
    assert sorted(record.customer_id for record in ledger.changed_since(0)) == ids
    assert [record.customer_id for record in ledger.changed_since(ledger.state() - 2)] == ids[-2:]


def test_who_speaks_while_changes_are_read_is_not_passed_over(
    redis: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, ids = opened(tmp_path, redis), [f"{number:03d}" for number in range(100)]
    for one in ids:
        ledger.record({one: [says("email")]})
    monkeypatch.setattr("features.consents.redis._PAGE", ("WITHSCORES", "LIMIT", 0, 7))
    with ThreadPoolExecutor(1) as other:
        talk = other.submit(lambda: [ledger.record({one: [says("sms")]}) for one in ids])
        while not talk.done():
            assert sorted(record.customer_id for record in ledger.changed_since(0)) == ids


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
