"""Waiting: a test goes on once another process has made a condition true."""

from __future__ import annotations

import time
from collections.abc import Callable

POLL_SECONDS = 0.01


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for a condition that another process makes true."""
    for _ in range(round(seconds / POLL_SECONDS)):
        if condition():
            return
        time.sleep(POLL_SECONDS)
    raise TimeoutError(f"the condition is still false after {seconds} s")
