"""UI: MLflow's server ends with the command that started it, however that ended."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.waiting import wait_until

COMMAND = """
import time
from pipelines.steps.ui import server_process
with server_process(["sleep", "60"]) as server:
    print(server.pid, flush=True)
    time.sleep(60)
"""


def is_gone(pid: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    return True


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux sends a child a signal when its parent dies")
@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGTERM])
def test_the_server_ends_with_the_command_that_started_it(stop: signal.Signals) -> None:
    root = Path(__file__).parents[3]
    with subprocess.Popen(
        [sys.executable, "-c", COMMAND], cwd=root, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as command:
        assert command.stdout is not None
        server = int(command.stdout.readline())
        command.send_signal(stop)
        command.wait(20)
    wait_until(lambda: is_gone(server), 20)
