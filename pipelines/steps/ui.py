"""UI step: runs MLflow's server, and follows the alias ``champion`` that a reviewer moves in it."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from types import FrameType
from typing import NoReturn

from features.errors import FlywheelError
from pipelines.home import Home
from pipelines.steps import follow
from serving.processes.parent_death import signal_at_parent_death
from training.registry.champion_alias import read_champion_alias

SECONDS_BETWEEN_LOOKS = 2.0
_SECONDS_TO_STOP = 10.0


class ChampionWatcher:
    """Looks whether the alias in MLflow names the release that serves, and follows where it does not."""

    def __init__(self, home: Home, clock: Callable[[], datetime], report: Callable[[str], None]) -> None:
        self._home = home
        self._clock = clock
        self._report = report
        self._last_message = ""

    def prepare(self) -> None:
        """Import what following takes, which is seconds of MLflow, so that the first move is followed as fast as any.

        A store that fails is reported by the looks.
        """
        import pipelines.promotion.trial  # noqa: F401 -- beside the start of the server

        with suppress(FlywheelError):
            self._home.registry()

    def look(self) -> None:
        """Look once; a message that repeats the one before is not reported again."""
        try:
            if read_champion_alias(self._home.folder) != self._home.champion():
                self._follow()
        except (FlywheelError, OSError, sqlite3.Error) as error:
            if str(error) != self._last_message:
                self._report(str(error))
            self._last_message = str(error)

    def _follow(self) -> None:
        # Another command may be about to write the pointer: it has the lock, and afterwards nothing differs.
        with self._home.hold_write_lock("ui", lambda _: None):
            promotion = follow.run(self._home, self._clock(), self._report)
        if promotion is not None:
            self._report(f"release {promotion.version} serves instead of {promotion.replaced}: {promotion.why}")


def run(home: Home, port: int, clock: Callable[[], datetime], report: Callable[[str], None]) -> int:
    """Run MLflow's server until it ends, and return its exit status; 0 where this process was told to stop.

    Raises:
        NotFound: no model was registered here, or the models are on another MLflow server.
    """
    watcher = ChampionWatcher(home, clock, report)
    try:
        with server_process(home.ui_command(port)) as server:
            watcher.prepare()
            while True:
                try:
                    return server.wait(SECONDS_BETWEEN_LOOKS)
                except subprocess.TimeoutExpired:
                    watcher.look()
    except KeyboardInterrupt:
        return 0


@contextmanager
def server_process(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """A server that ends with this process, however that ends."""
    former = signal.signal(signal.SIGTERM, _interrupt)
    end_with_parent = partial(signal_at_parent_death, signal.SIGTERM)
    server = subprocess.Popen(command, preexec_fn=end_with_parent)  # noqa: S603, PLW1509 -- one thread, our command
    try:
        yield server
    finally:
        server.terminate()
        try:
            server.wait(_SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            server.kill()
        signal.signal(signal.SIGTERM, former)


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
