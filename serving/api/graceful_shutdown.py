"""Graceful shutdown: after a signal to stop, a worker drains: it reports itself not ready and closes connections.

A server closes idle connections at once when it stops, and a request that is on its way by then meets a broken
connection. Draining first lets callers close theirs.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable
from functools import partial
from types import FrameType

SignalHandler = Callable[[int, FrameType | None], object]


class GracefulShutdown:
    """Graceful shutdown of one worker; the server acts on the signal ``drain_seconds`` later."""

    def __init__(self, drain_seconds: float) -> None:
        self.draining = False
        self._drain_seconds = drain_seconds

    def install_signal_handlers(self) -> None:
        """Handle SIGTERM and SIGINT before the server does; only the main thread of a process gets signals."""
        if threading.current_thread() is not threading.main_thread():
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            stop = signal.getsignal(number)
            if callable(stop):
                signal.signal(number, partial(self._on_signal, loop, stop))

    def _on_signal(
        self, loop: asyncio.AbstractEventLoop, stop: SignalHandler, number: int, frame: FrameType | None
    ) -> None:
        """Begin to drain on the first signal; a second Ctrl-C stops at once."""
        if not self.draining:
            self.draining = True
            loop.call_soon_threadsafe(loop.call_later, self._drain_seconds, stop, number, frame)
        elif number == signal.SIGINT:
            stop(number, frame)
