"""A Redis of one's own, on a port of its own, to be frozen, killed and started again."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import pytest
from redis import Redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry


class RedisServer:
    """A real ``redis-server`` on this machine, with nothing in it at first."""

    def __init__(self, folder: Path, *, persistent: bool = False) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self._persistent = persistent
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Returns when it answers."""
        lasts = ["--appendonly", "yes", "--appendfsync", "always"] if self._persistent else ["--appendonly", "no"]
        kept = [*lasts, "--save", "", "--dir", str(self._folder)]
        command = [server_program(), "--port", str(self.port), "--bind", "127.0.0.1", *kept]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        patient = Retry(ConstantBackoff(0.02), 500)
        with Redis(port=self.port, retry=patient) as redis:
            redis.ping()

    def flush(self) -> None:
        with Redis(port=self.port) as redis:
            redis.flushall()

    def keys(self) -> set[str]:
        with Redis(port=self.port, decode_responses=True) as redis:
            return {str(key) for key in redis.scan_iter()}

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        if self._process is not None:
            self._signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def _signal(self, signal_number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(signal_number)


def server_program() -> str:
    """Skips the test on a laptop without Redis, and fails it where everything is checked."""
    found = shutil.which("redis-server")
    if found is None:
        missing = "There is no redis-server. Install the package redis-server."
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return found


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port
