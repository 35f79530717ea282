"""Free ports: loopback ports for the servers of tests, which no two test processes are given at once."""

from __future__ import annotations

import os
import random
import socket

# Below the range from which Linux draws the ports of outgoing connections, or one of those may take a port meanwhile.
_FIRST, _LAST = 10_000, 32_000
_WORKERS = 8
_rest: list[int] = []


def free_port() -> int:
    """A loopback port that no process uses now; no other worker of this test run is given it, nor is it given twice."""
    if not _rest:
        worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _WORKERS
        _rest.extend(range(_FIRST + worker, _LAST, _WORKERS))
        random.Random(os.getpid()).shuffle(_rest)  # noqa: S311 - so that two test runs on one machine rarely meet
    while not _can_listen(port := _rest.pop()):
        pass
    return port


def _can_listen(port: int) -> bool:
    with socket.socket() as listener:
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
