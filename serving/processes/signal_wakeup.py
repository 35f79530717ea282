"""Signal wake-up: signals to stop and ends of child processes as something that a loop can wait for."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class SignalWakeup:
    """Signal wake-up of the main thread; the handlers only note the signal, and the loop acts on it."""

    def __init__(self, reader: int) -> None:
        self._reader = reader
        self._stops: list[int] = []

    @classmethod
    @contextmanager
    def install(cls) -> Iterator[SignalWakeup]:
        """Handle the signals for as long as the block runs; the former handlers come back after it."""
        reader, writer = _nonblocking_pipe()
        wakeup = cls(reader)
        former_writer = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        heeded = [number for number in STOP_SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]  # nohup ignores
        handlers = {number: signal.signal(number, wakeup._note) for number in (*heeded, signal.SIGCHLD)}
        try:
            yield wakeup
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(former_writer)
            os.close(reader)
            os.close(writer)

    def wait(self, seconds: float | None) -> list[int]:
        """The signals to stop that arrived, after a signal, the end of a child process, or ``seconds``."""
        if select.select([self._reader], [], [], seconds)[0]:
            os.read(self._reader, 4096)
        stops, self._stops = self._stops, []
        return stops

    def _note(self, number: int, _: FrameType | None) -> None:
        if number != signal.SIGCHLD:
            self._stops.append(number)


def _nonblocking_pipe() -> tuple[int, int]:
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    return reader, writer
