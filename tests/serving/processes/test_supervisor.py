"""Supervisor: a worker that ended is replaced, what ended it is said, and a home that none takes ends the service."""

from __future__ import annotations

import io
import json
import signal
import socket
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from serving.observability.clock import SystemClock
from serving.observability.json_logs import json_log
from serving.processes import supervisor
from serving.processes.restart_backoff import RestartBackoff
from serving.processes.signal_wakeup import SignalWakeup
from serving.processes.supervisor import Supervisor, WorkersRefused
from serving.processes.worker_process import WorkerProcess, worker_environment
from serving.settings import Settings


class FakeWorker(WorkerProcess):
    """Fake worker: it has ended already, by a signal or with a refusal, or runs until it is stopped."""

    def __init__(self, ended_by: str = "", refusal: str | None = None) -> None:
        self.ended_by = ended_by
        self.refused_because = refusal

    @property
    def pid(self) -> int:
        return 7

    @property
    def has_ended(self) -> bool:
        return bool(self.ended_by or self.refused_because)

    @property
    def exit_reason(self) -> str:
        return self.ended_by

    def refusal(self) -> str | None:
        return self.refused_because

    def stop(self) -> None:
        self.ended_by = "signal SIGTERM"


class NoPauses(RestartBackoff):
    """Restart backoff that counts, but waits for a millisecond only."""

    def pause_after(self, life_seconds: float) -> float:
        return min(super().pause_after(life_seconds), 0.001)

    def pause_after_refusal(self, life_seconds: float) -> float:
        return min(super().pause_after_refusal(life_seconds), 0.001)


@dataclass
class Service:
    """A service of fake workers, which start in this order; after the last one the service gets a SIGTERM."""

    workers: list[FakeWorker | OSError]
    log: io.StringIO = field(default_factory=io.StringIO)

    def run(self, workers: int = 1) -> None:
        with socket.socket() as listener:
            log = json_log(SystemClock(), self.log)
            Supervisor(Settings(workers=workers), listener, Path(), log, self._start, NoPauses()).run()

    @property
    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.log.getvalue().splitlines()]

    def _start(self, *_: object) -> WorkerProcess:
        if not self.workers:
            signal.raise_signal(signal.SIGTERM)
            return FakeWorker()
        worker = self.workers.pop(0)
        if isinstance(worker, OSError):
            raise worker
        if worker.has_ended:
            signal.raise_signal(signal.SIGCHLD)
        return worker


def test_a_worker_that_ended_is_replaced_and_the_log_says_what_ended_it() -> None:
    service = Service([FakeWorker("signal SIGBUS")])
    service.run()
    (line,) = service.lines
    assert (line["event"], line["reason"], line["pid"]) == ("worker ended and is replaced", "signal SIGBUS", 7)


def test_workers_that_end_again_and_again_are_said_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FLYWHEEL_API_KEYS", raising=False)
    service = Service([FakeWorker("signal SIGBUS") for _ in range(6)])
    service.run()
    assert [line["event"] for line in service.lines] == [
        *["worker ended and is replaced"] * 4,
        *["workers end again and again"] * 2,
    ]
    assert service.lines[-1]["in_a_row"] == 6


def test_a_home_that_no_worker_takes_ends_the_service_with_the_reason() -> None:
    service = Service([FakeWorker(refusal="Found no secret in the home; expected one.")])
    with pytest.raises(WorkersRefused, match=r"^Found no secret in the home; expected one\.$"):
        service.run()


def test_a_worker_that_refuses_while_another_answers_does_not_end_the_service() -> None:
    service = Service([FakeWorker(), FakeWorker(refusal="Found no secret.")])
    service.run(workers=2)
    assert [line["reason"] for line in service.lines] == ["Found no secret."]


def test_a_worker_that_cannot_be_started_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "RETRY_SECONDS", 0.001)
    service = Service([OSError(12, "Cannot allocate memory")])
    service.run()
    assert [(line["event"], line["reason"]) for line in service.lines] == [
        ("worker cannot start", "Cannot allocate memory")
    ]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_lets_all_workers_stop(number: signal.Signals) -> None:
    workers = [FakeWorker(), FakeWorker()]
    with SignalWakeup.install() as wakeup:
        signal.raise_signal(number)
        assert wakeup.wait(0) == [number]
        assert wakeup.wait(0) == []
    service = Service([*workers])
    service.run(workers=3)
    assert {worker.ended_by for worker in workers} == {"signal SIGTERM"}


def test_no_setting_of_the_service_reaches_the_environment_of_a_worker(tmp_path: Path) -> None:
    variables = {"PATH": "/bin", "FLYWHEEL_API_KEYS": "hush", "FLYWHEEL_ONLINE_STORE": "redis://:hush@cache"}
    environment = worker_environment(variables, tmp_path)
    assert "hush" not in str(environment)
    assert environment["PATH"] == "/bin"
