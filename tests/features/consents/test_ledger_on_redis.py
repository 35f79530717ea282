"""Ledger on Redis: several writers on several machines, and pages of many customers."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from features.consents import redis as redis_storage
from features.consents.consent import PROFILING, Consent
from features.consents.ledger import ConsentStatus
from features.consents.ledger_memory import LedgerMemory
from features.consents.redis import RedisLedgerStorage
from features.consents.redis_transaction import RedisWriteTransaction
from features.storage.redis_client import CommandArgument, RedisClient, Reply
from features.storage.secret import load_secret
from tests.features.consents.machines import NO, machine_home, marketing_grant, open_ledger
from tests.redis_server import RedisServer

ROOT = Path(__file__).parents[3]
WRITERS, EACH = 6, 8


def start_ledger(home: Path, redis: RedisServer) -> int:
    """Start a ledger with one consent of Zoe; returns its state."""
    open_ledger(home, redis).record({"zoe": [marketing_grant("post")]})
    return open_ledger(home, redis).state()


def test_a_denial_on_one_machine_is_in_the_next_read_of_another(redis: RedisServer, tmp_path: Path) -> None:
    first, second = (open_ledger(machine_home(tmp_path, name), redis) for name in ("first", "second"))
    for turn in range(20):
        first.record({"ann": [Consent(PROFILING, "*", granted=bool(turn % 2), changed_at=turn)]})
        assert second.statuses(["ann"], 100) == [ConsentStatus.GRANTED if turn % 2 else ConsentStatus.DENIED]


def test_a_customer_erased_on_one_machine_is_erased_on_all(redis: RedisServer, tmp_path: Path) -> None:
    first, second = (open_ledger(machine_home(tmp_path, name), redis) for name in ("first", "second"))
    first.erase("ann")
    assert second.statuses(["ann"], 100) == [ConsentStatus.ERASED]
    assert second.record({"ann": [marketing_grant("email")]}) == 0


def test_concurrent_writers_lose_no_consent_of_one_customer_and_repeat_no_state(
    redis: RedisServer, tmp_path: Path
) -> None:
    homes = [machine_home(tmp_path, str(number)) for number in range(WRITERS)]
    first_state = start_ledger(tmp_path, redis)

    def write(number: int) -> None:
        ledger = open_ledger(homes[number], redis)
        for turn in range(EACH):
            ledger.record(
                {
                    "ann": [marketing_grant(f"{number}-{turn}")],
                    f"only-{number}": [marketing_grant("email", changed_at=turn)],
                }
            )

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))
    ledger = open_ledger(tmp_path, redis)
    assert len(ledger.consents("ann").consents.entries) == WRITERS * EACH
    assert ledger.state() == first_state + WRITERS * EACH
    assert ledger.consents("only-3").consents.entries[0].changed_at == EACH - 1


def test_of_writers_that_begin_a_ledger_together_one_does(redis: RedisServer, tmp_path: Path) -> None:
    for turn in range(20):
        redis.flush()
        load_secret(tmp_path / str(turn))
        ledgers = [open_ledger(tmp_path / str(turn), redis) for _ in range(4)]
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda ledger, turn=turn: ledger.record({f"{turn}": [marketing_grant("email")]}), ledgers))
        point = LedgerMemory(tmp_path / str(turn)).read()
        assert point is not None
        assert {ledger.identity() for ledger in ledgers} == {point.ledger}


def test_a_ledger_that_another_writer_begins_during_a_read_is_not_a_lost_one(
    redis: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_secret(tmp_path)
    reader, writer = RedisLedgerStorage(redis.url, tmp_path), open_ledger(tmp_path, redis)
    read = RedisClient.transaction

    def read_and_let_another_begin(client: RedisClient, *commands: Sequence[CommandArgument]) -> list[Reply]:
        replies = read(client, *commands)
        monkeypatch.setattr(RedisClient, "transaction", read)
        writer.record({"ann": [marketing_grant("email")]})
        return replies

    monkeypatch.setattr(RedisClient, "transaction", read_and_let_another_begin)
    assert reader.state() == 0
    assert reader.state() == writer.state() > 0


@pytest.mark.slow
def test_concurrent_processes_lose_no_consent(redis: RedisServer, tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from features.consents.backends import open_ledger\n"
        "from features.consents.consent import Consent\n"
        "for turn in range(16):\n"
        "    consent = Consent('marketing', sys.argv[3] + str(turn), granted=True, changed_at=5)\n"
        "    ledger = open_ledger(Path(sys.argv[1]), sys.argv[2])\n"
        "    ledger.record({'ann': [consent], sys.argv[3] + str(turn): [consent]})\n"
    )
    first_state, command = start_ledger(tmp_path, redis), [sys.executable, "-c", script, str(tmp_path), redis.url]
    writers = [subprocess.Popen([*command, name], cwd=ROOT) for name in ("a", "b", "c")]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    ledger = open_ledger(tmp_path, redis)
    assert (len(ledger.consents("ann").consents.entries), ledger.state()) == (48, first_state + 48)
    assert len(list(ledger.all_records())) == 50


def test_a_write_that_fails_half_way_leaves_nothing(redis: RedisServer, tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path, redis)
    ledger.record({"ann": [marketing_grant("email")]})
    storage = RedisLedgerStorage(redis.url, tmp_path)

    def fail(transaction: RedisWriteTransaction) -> None:
        transaction.put("ann", b"[]", 1, transaction.next_state())
        raise InterruptedError

    with pytest.raises(InterruptedError):
        storage.write(["ann"], [], fail)
    assert ledger.consents("ann").state == ledger.state() == ledger.changed_since(0)[0].state
    assert len(ledger.consents("ann").consents.entries) == 1


def test_what_is_written_rests_on_what_was_read(redis: RedisServer, tmp_path: Path) -> None:
    """Optimistic concurrency: a late writer repeats its work."""
    storage, other, first_state = (
        RedisLedgerStorage(redis.url, tmp_path),
        open_ledger(tmp_path, redis),
        start_ledger(tmp_path, redis),
    )
    states: list[int] = []

    def write_late(transaction: RedisWriteTransaction) -> int:
        states.append(transaction.stored_records.state)
        if len(states) < 3:
            other.record({"ann": [marketing_grant("email", changed_at=len(states))]})
        transaction.set_meta("defaults", b"{}")
        return transaction.next_state()

    assert storage.write(["ann"], [], write_late) == first_state + 3
    assert states == [first_state, first_state + 1, first_state + 2]


def test_many_customers_are_all_found_and_each_once(redis: RedisServer, tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path, redis)
    ids = [f"{number:05d}" for number in range(2500)]
    ledger.record({customer_id: [marketing_grant("email")] for customer_id in ids[:2200]})
    for customer_id in ids[2200:]:
        ledger.record({customer_id: [marketing_grant("email")]})
    assert sorted(record.customer_id for record in ledger.all_records()) == ids
    assert sorted(record.customer_id for record in ledger.changed_since(0)) == ids
    assert [record.customer_id for record in ledger.changed_since(ledger.state() - 2)] == ids[-2:]


def test_a_change_during_a_read_of_changes_is_not_missed(
    redis: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, ids = open_ledger(tmp_path, redis), [f"{number:03d}" for number in range(100)]
    for customer_id in ids:
        ledger.record({customer_id: [marketing_grant("email")]})
    monkeypatch.setattr(redis_storage, "PAGE_SIZE", 7)
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(lambda: [ledger.record({customer_id: [marketing_grant("sms")]}) for customer_id in ids])
        while not writing.done():
            assert sorted(record.customer_id for record in ledger.changed_since(0)) == ids


def test_many_customers_are_read_in_batches(
    redis: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_storage, "MAX_CUSTOMERS_PER_READ", 3)
    ledger, ids = open_ledger(tmp_path, redis), [f"{number}" for number in range(10)]
    ledger.record({customer_id: [NO] for customer_id in ids[::2]})
    ledger.erase("5")
    expected = [
        ConsentStatus.ERASED if customer_id == "5" else ConsentStatus(2 * (int(customer_id) % 2 == 0))
        for customer_id in ids
    ]
    assert ledger.statuses(ids, 100) == expected
