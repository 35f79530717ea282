"""How does a worker leave without dropping anybody? It says so first, and closes connections between requests.

The server closes idle connections the moment it is told to stop; a caller whose next request is on its way by then
sees a broken connection.
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
    """Whether the worker is about to stop; ``seconds`` pass before the server acts on the signal."""

    def __init__(self, drain_seconds: float) -> None:
        self.draining = False
        self._drain_seconds = drain_seconds

    def install_signal_handlers(self) -> None:
        """Get the signals to stop before the server does; only a process of its own gets any."""
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
        """The first signal begins to leave; a second Ctrl-C does not wait."""
        if not self.draining:
            self.draining = True
            loop.call_soon_threadsafe(loop.call_later, self._drain_seconds, stop, number, frame)
        elif number == signal.SIGINT:
            stop(number, frame)
