"""Supervisor: starts the workers, replaces those that end, and lets them drain when the service is to stop."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from structlog.typing import FilteringBoundLogger

from features.errors import FlywheelError
from serving.processes.restart_backoff import RestartBackoff
from serving.processes.signal_wakeup import SignalWakeup
from serving.processes.worker_process import WorkerProcess
from serving.settings import Settings

RETRY_SECONDS = 1.0  # after a worker that the machine could not start
STOP_SECONDS = 20.0  # for open requests, beyond the time to drain; below the 30 of Kubernetes and compose


class WorkersRefused(FlywheelError):
    """No worker can start; the text is the reason of the last one."""


@dataclass
class _Slot:
    """The place of one worker: who has it, and when it started or the next one starts."""

    index: int
    worker: WorkerProcess | None = None
    starts_at: float = 0.0


@dataclass
class Supervisor:
    """Supervisor of the workers of one service, which share the socket ``listener``."""

    settings: Settings
    listener: socket.socket
    scratch: Path
    log: FilteringBoundLogger
    start_worker: Callable[[Settings, socket.socket, int, Path], WorkerProcess] = WorkerProcess.start
    backoff: RestartBackoff = field(default_factory=RestartBackoff)

    def run(self) -> None:
        """Keep the workers running until Ctrl-C or SIGTERM; returns when all have ended.

        Raises:
            WorkersRefused: no worker runs, and the last one refused to start.
        """
        slots = [_Slot(index) for index in range(1, self.settings.workers + 1)]
        with SignalWakeup.install() as wakeup:
            try:
                while not wakeup.wait(self._fill(slots)):
                    self._clear_ended(slots)
            finally:
                self._stop([slot.worker for slot in slots if slot.worker], wakeup)

    def _fill(self, slots: list[_Slot]) -> float | None:
        """Start the workers that are due; return the seconds until the next one is, None while all run."""
        now = time.monotonic()
        for slot in slots:
            if slot.worker is None and slot.starts_at <= now:
                slot.starts_at = now
                self._start(slot)
        return min((max(0.0, slot.starts_at - now) for slot in slots if slot.worker is None), default=None)

    def _start(self, slot: _Slot) -> None:
        try:
            slot.worker = self.start_worker(self.settings, self.listener, slot.index, self.scratch)
        except OSError as error:  # too little memory or too many processes, which can pass
            self._wait_for_machine(slot, error.strerror)

    def _wait_for_machine(self, slot: _Slot, reason: str | None) -> None:
        pause = max(RETRY_SECONDS, self.backoff.pause_after(0))
        slot.starts_at += pause
        self.log.error("worker cannot start", reason=reason, next_start_seconds=pause)

    def _clear_ended(self, slots: list[_Slot]) -> None:
        for slot in slots:
            if slot.worker is not None and slot.worker.has_ended:
                worker, slot.worker = slot.worker, None
                pause = self._pause_after(worker, time.monotonic() - slot.starts_at, slots)
                slot.starts_at = time.monotonic() + pause

    def _pause_after(self, worker: WorkerProcess, life_seconds: float, slots: list[_Slot]) -> float:
        """The seconds until the worker that ended is replaced; the log says why it ended."""
        refusal = worker.refusal()
        if refusal is None:
            pause = self.backoff.pause_after(life_seconds)
            self._log_end(worker, pause)
            return pause
        if not any(slot.worker for slot in slots):
            raise WorkersRefused(refusal)
        pause = self.backoff.pause_after_refusal(life_seconds)
        self.log.error("worker refused to start", pid=worker.pid, reason=refusal, next_start_seconds=pause)
        return pause

    def _log_end(self, worker: WorkerProcess, pause: float) -> None:
        fields = {"pid": worker.pid, "reason": worker.exit_reason}
        if pause:
            fields = {**fields, "in_a_row": self.backoff.short_lives, "next_start_seconds": pause}
            self.log.error("workers end again and again", **fields)
        else:
            self.log.error("worker ended and is replaced", **fields)

    def _stop(self, workers: list[WorkerProcess], wakeup: SignalWakeup) -> None:
        """Let the workers drain and end; a further Ctrl-C is passed on to them, and those that hang are killed."""
        self.listener.close()
        for worker in workers:
            worker.stop()
        gives_up_at = time.monotonic() + self.settings.drain_seconds + STOP_SECONDS
        while not all(worker.has_ended for worker in workers) and time.monotonic() < gives_up_at:
            if signal.SIGINT in wakeup.wait(gives_up_at - time.monotonic()):
                for worker in workers:
                    worker.send_signal(signal.SIGINT)
        for worker in workers:
            if not worker.has_ended:
                self.log.error("worker did not stop and is killed", pid=worker.pid)
                worker.send_signal(signal.SIGKILL)
                worker.wait(STOP_SECONDS)
