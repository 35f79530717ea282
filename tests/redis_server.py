"""Redis server: a real ``redis-server`` process for tests, which can be frozen, killed and restarted."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from redis import Redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from tests.free_ports import free_port


class RedisServer:
    """A local Redis on a free port, empty at first."""

    def __init__(self, folder: Path, *, persistent: bool = False) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self._persistent = persistent
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Start the process and return when it answers."""
        persistence = ["--appendonly", "yes", "--appendfsync", "always"] if self._persistent else ["--appendonly", "no"]
        options = [*persistence, "--save", "", "--dir", str(self._folder)]
        command = [server_program(), "--port", str(self.port), "--bind", "127.0.0.1", *options]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        retry = Retry(ConstantBackoff(0.02), 500)
        with Redis(port=self.port, retry=retry) as redis:
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
    """The path of ``redis-server``; without it the test is skipped, or fails in CI."""
    program = shutil.which("redis-server")
    if program is None:
        missing = "There is no redis-server. Install the package redis-server."
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return program
