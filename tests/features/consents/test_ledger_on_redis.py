"""What a Redis adds to the laws of the ledger: several writers on several machines, and pages of many customers."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from features.consents.consent import PROFILING, Consent
from features.consents.ledger import ConsentStatus
from features.consents.redis import RedisLedgerStorage
from features.consents.redis_transaction import RedisWriteTransaction
from features.storage.secret import load_secret
from tests.features.consents.machines import NO, machine_home, marketing_grant, open_ledger
from tests.redis_server import RedisServer

ROOT = Path(__file__).parents[3]
WRITERS, EACH = 8, 25


def start_ledger(home: Path, redis: RedisServer) -> int:
    """The first state of a ledger, with a word of Zoe's."""
    open_ledger(home, redis).record({"zoe": [marketing_grant("post")]})
    return open_ledger(home, redis).state()


def test_a_no_on_one_machine_is_the_very_next_read_of_another(redis: RedisServer, tmp_path: Path) -> None:
    here, there = (open_ledger(machine_home(tmp_path, name), redis) for name in ("here", "there"))
    for turn in range(20):
        here.record({"ann": [Consent(PROFILING, "*", granted=bool(turn % 2), changed_at=turn)]})
        assert there.statuses(["ann"], 100) == [ConsentStatus.GRANTED if turn % 2 else ConsentStatus.DENIED]


def test_who_is_forgotten_on_one_machine_is_so_on_all(redis: RedisServer, tmp_path: Path) -> None:
    here, there = (open_ledger(machine_home(tmp_path, name), redis) for name in ("here", "there"))
    here.erase("ann")
    assert there.statuses(["ann"], 100) == [ConsentStatus.ERASED]
    assert there.record({"ann": [marketing_grant("email")]}) == 0


def test_writers_at_once_lose_no_word_of_one_customer_and_make_no_state_twice(
    redis: RedisServer, tmp_path: Path
) -> None:
    homes = [machine_home(tmp_path, str(number)) for number in range(WRITERS)]
    begun = start_ledger(tmp_path, redis)

    def write(number: int) -> None:
        ledger = open_ledger(homes[number], redis)
        for turn in range(EACH):
            ledger.record(
                {"ann": [marketing_grant(f"{number}-{turn}")], f"only-{number}": [marketing_grant("email", at=turn)]}
            )

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))
    ledger = open_ledger(tmp_path, redis)
    assert len(ledger.consents("ann").consents.entries) == WRITERS * EACH
    assert ledger.state() == begun + WRITERS * EACH
    assert ledger.consents("only-3").consents.entries[0].changed_at == EACH - 1


def test_of_writers_that_begin_a_ledger_together_one_does(redis: RedisServer, tmp_path: Path) -> None:
    for turn in range(20):
        redis.flush()
        load_secret(tmp_path / str(turn))
        ledgers = [open_ledger(tmp_path / str(turn), redis) for _ in range(4)]
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda ledger, turn=turn: ledger.record({f"{turn}": [marketing_grant("email")]}), ledgers))
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
    begun, command = start_ledger(tmp_path, redis), [sys.executable, "-c", script, str(tmp_path), redis.url]
    writers = [subprocess.Popen([*command, name], cwd=ROOT) for name in ("a", "b", "c")]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    ledger = open_ledger(tmp_path, redis)
    assert (len(ledger.consents("ann").consents.entries), ledger.state()) == (150, begun + 150)
    assert len(list(ledger.all_records())) == 152


def test_a_write_that_fails_half_way_leaves_nothing(redis: RedisServer, tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path, redis)
    ledger.record({"ann": [marketing_grant("email")]})
    shelf = RedisLedgerStorage(redis.url, tmp_path)

    def fails(draft: RedisWriteTransaction) -> None:
        draft.put("ann", b"[]", 1, draft.next_state())
        raise InterruptedError

    with pytest.raises(InterruptedError):
        shelf.write(["ann"], [], fails)
    assert ledger.consents("ann").state == ledger.state() == ledger.changed_since(0)[0].state
    assert len(ledger.consents("ann").consents.entries) == 1


def test_what_is_written_rests_on_what_was_read(redis: RedisServer, tmp_path: Path) -> None:
    """Whoever is late does the work again."""
    shelf, other, begun = (
        RedisLedgerStorage(redis.url, tmp_path),
        open_ledger(tmp_path, redis),
        start_ledger(tmp_path, redis),
    )
    seen: list[int] = []

    def late(draft: RedisWriteTransaction) -> int:
        seen.append(draft.stored.state)
        if len(seen) < 3:
            other.record({"ann": [marketing_grant("email", at=len(seen))]})
        draft.set_meta("defaults", b"{}")
        return draft.next_state()

    assert shelf.write(["ann"], [], late) == begun + 3
    assert seen == [begun, begun + 1, begun + 2]


def test_many_customers_are_all_found_and_each_once(redis: RedisServer, tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path, redis)
    ids = [f"{number:05d}" for number in range(2500)]
    ledger.record({one: [marketing_grant("email")] for one in ids[:2200]})
    for one in ids[2200:]:
        ledger.record({one: [marketing_grant("email")]})
    assert sorted(record.customer_id for record in ledger.all_records()) == ids
    assert sorted(record.customer_id for record in ledger.changed_since(0)) == ids
    assert [record.customer_id for record in ledger.changed_since(ledger.state() - 2)] == ids[-2:]


def test_who_speaks_while_changes_are_read_is_not_passed_over(
    redis: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, ids = open_ledger(tmp_path, redis), [f"{number:03d}" for number in range(100)]
    for one in ids:
        ledger.record({one: [marketing_grant("email")]})
    monkeypatch.setattr("features.consents.redis._PAGE_ARGUMENTS", ("WITHSCORES", "LIMIT", 0, 7))
    with ThreadPoolExecutor(1) as other:
        talk = other.submit(lambda: [ledger.record({one: [marketing_grant("sms")]}) for one in ids])
        while not talk.done():
            assert sorted(record.customer_id for record in ledger.changed_since(0)) == ids


def test_many_are_read_some_at_a_time(redis: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("features.consents.redis.MAX_CUSTOMERS_PER_READ", 3)
    ledger, ids = open_ledger(tmp_path, redis), [f"{number}" for number in range(10)]
    ledger.record({one: [NO] for one in ids[::2]})
    ledger.erase("5")
    said = [ConsentStatus.ERASED if one == "5" else ConsentStatus(2 * (int(one) % 2 == 0)) for one in ids]
    assert ledger.statuses(ids, 100) == said
