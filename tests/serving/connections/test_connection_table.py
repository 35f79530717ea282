"""Connection table: idle connections never keep a client that sends a request from connecting."""

from __future__ import annotations

import io
import json
import resource

import pytest

from serving.connections.connection_table import ConnectionTable
from serving.connections.limits import RESERVED_FILES, ConnectionLimits, raise_open_files
from serving.connections.turned_away import TurnedAway
from serving.observability.clock import SystemClock
from serving.observability.json_logs import json_log
from serving.settings import Settings

LIMITS = ConnectionLimits(max_connections=3, max_per_address=2, header_seconds=10, idle_seconds=5)


class Caller:
    """A connection that remembers whether it had to give way."""

    def __init__(self) -> None:
        self.gave_way = False

    def give_way(self) -> None:
        self.gave_way = True


class Worker:
    """A connection table with its log, its counts and a clock that stands still."""

    def __init__(self) -> None:
        self.now = 100.0
        self.log = io.StringIO()
        self.reasons: list[str] = []
        turned_away = TurnedAway(json_log(SystemClock(), self.log), self.reasons.append, lambda: self.now)
        self.table = ConnectionTable(LIMITS, turned_away)

    def connect(self, address: str) -> Caller:
        """A new connection from an address that is admitted and waits."""
        caller = Caller()
        assert self.table.admit(caller, address) is None
        return caller

    def ask(self, address: str) -> Caller:
        """A new connection from an address that is being answered."""
        caller = self.connect(address)
        self.table.stop_waiting(caller)
        return caller


def test_the_connection_that_waited_longest_gives_way_to_a_new_one() -> None:
    worker = Worker()
    first, second, third = (worker.connect(address) for address in "abc")
    worker.table.stop_waiting(first)
    worker.connect("d")
    assert [caller.gave_way for caller in (first, second, third)] == [False, True, False]
    assert worker.reasons == ["gave_way"]


def test_a_connection_that_was_answered_waits_again_behind_the_others() -> None:
    worker = Worker()
    answered, other, _ = (worker.connect(address) for address in "abc")
    worker.table.stop_waiting(answered)
    worker.table.start_waiting(answered)
    assert worker.table.fresh == 2
    worker.connect("d")
    assert (other.gave_way, answered.gave_way) == (True, False)


def test_an_address_over_its_limit_closes_its_own_connections_alone() -> None:
    worker = Worker()
    other, first, second = worker.connect("b"), worker.connect("a"), worker.connect("a")
    worker.connect("a")
    assert [caller.gave_way for caller in (other, first, second)] == [False, True, False]


def test_while_all_are_being_answered_a_new_connection_is_told_to_come_back() -> None:
    worker = Worker()
    for address in "abc":
        worker.ask(address)
    problem = worker.table.admit(Caller(), "d")
    assert problem is not None
    assert (problem.status, problem.headers) == (503, {"Retry-After": "1"})
    assert worker.reasons == ["too_many"]


def test_an_address_whose_connections_are_all_being_answered_is_told_so() -> None:
    worker = Worker()
    first, _ = worker.ask("a"), worker.ask("a")
    problem = worker.table.admit(Caller(), "a")
    assert problem is not None
    assert problem.status == 429
    worker.table.remove(first)
    worker.connect("a")


def test_a_flood_of_refused_connections_is_closed_without_answers() -> None:
    worker = Worker()
    for address in "abc":
        worker.ask(address)
    refused = [Caller() for _ in range(32)]
    assert all(worker.table.admit(caller, "d") for caller in refused)
    with pytest.raises(ConnectionRefusedError):
        worker.table.admit(Caller(), "d")
    worker.table.remove(refused[0])
    assert worker.table.admit(Caller(), "d") is not None


def test_the_log_says_who_is_turned_away_at_most_every_ten_seconds() -> None:
    worker = Worker()
    for _ in range(5):
        worker.connect("a")
    worker.now += 11
    worker.connect("a")
    first, second = [json.loads(line) for line in worker.log.getvalue().splitlines()]
    assert (first["reasons"], first["last_address"]) == ({"gave_way": 1}, "a")
    assert second["reasons"] == {"gave_way": 3}


def test_few_open_files_allow_few_connections() -> None:
    limits = ConnectionLimits.within(Settings(max_connections=500, max_connections_per_address=200), 160)
    assert (limits.max_connections, limits.max_per_address) == (160 - RESERVED_FILES, 160 - RESERVED_FILES)


def test_the_soft_limit_of_open_files_is_raised_as_far_as_the_hard_one_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    limit = [160, 500]
    monkeypatch.setattr(resource, "getrlimit", lambda _: tuple(limit))
    monkeypatch.setattr(resource, "setrlimit", lambda _, changed: limit.__setitem__(slice(None), changed))
    assert (raise_open_files(300), limit) == (300, [300, 500])
    assert (raise_open_files(9000), limit) == (500, [500, 500])
    assert (raise_open_files(100), limit) == (100, [500, 500])
