"""Worker process, as its supervisor sees it: how it is started and signalled, how it ended, and what it reported."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from serving.processes.supervisor_channel import STOP
from serving.settings import ENVIRONMENT_PREFIX, Settings

_IMPORT_ROOT = str(Path(__file__).resolve().parents[2])
_CHANNEL_TIMEOUT_SECONDS = 5.0


class WorkerProcess:
    """One worker: it gets its settings, keys and passwords among them, through a private socket pair.

    Arguments and environment of a process can be read by others; a socket pair cannot.
    """

    def __init__(self, process: subprocess.Popen[bytes], channel: socket.socket) -> None:
        self._process = process
        self._channel = channel

    @classmethod
    def start(cls, settings: Settings, listener: socket.socket, index: int, scratch: Path) -> WorkerProcess:
        """Start worker ``index``, which accepts connections from ``listener``."""
        channel, its_channel = socket.socketpair()
        arguments = [f"--listener={listener.fileno()}", f"--channel={its_channel.fileno()}", f"--index={index}"]
        with its_channel:
            process = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-P", "-m", "serving.processes.worker", *arguments],
                stdin=subprocess.DEVNULL,
                env=worker_environment(os.environ, scratch),
                pass_fds=(listener.fileno(), its_channel.fileno()),
                start_new_session=True,  # Ctrl-C reaches the supervisor alone, which lets the workers drain
            )
        worker = cls(process, channel)
        worker._send(settings.to_json() + b"\n")
        return worker

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        """Whether the process has ended."""
        return self._process.poll() is not None

    @property
    def exit_reason(self) -> str:
        """How the process ended, such as ``signal SIGBUS`` or ``status 1``."""
        status = self._process.wait()
        return f"status {status}" if status >= 0 else f"signal {signal.Signals(-status).name}"

    def refusal(self) -> str | None:
        """The error with which an ended worker refused to start; None for one that ended otherwise."""
        with self._channel:
            self._channel.settimeout(0)
            try:
                report = self._channel.recv(2**16)
            except OSError:
                return None
        return json.loads(report)["refusal"] if report else None

    def stop(self) -> None:
        """Let the worker drain and end, as all others of the service."""
        self._send(STOP)
        self.send_signal(signal.SIGTERM)

    def send_signal(self, number: int) -> None:
        """Send a signal to the process, unless it has ended."""
        self._process.send_signal(number)

    def wait(self, seconds: float) -> None:
        """Wait for the end of the process, at most ``seconds``."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)

    def _send(self, message: bytes) -> None:
        self._channel.settimeout(_CHANNEL_TIMEOUT_SECONDS)
        with suppress(OSError):  # if it has ended already, the supervisor is about to see that
            self._channel.sendall(message)


def worker_environment(environment: Mapping[str, str], scratch: Path) -> dict[str, str]:
    """The environment of a worker: the supervisor's without Flywheel's settings; BentoML sends no telemetry."""
    return {
        **{name: value for name, value in environment.items() if not name.startswith(ENVIRONMENT_PREFIX)},
        "PYTHONPATH": os.pathsep.join(filter(None, [_IMPORT_ROOT, environment.get("PYTHONPATH")])),
        "BENTOML_DO_NOT_TRACK": "True",
        "BENTOML_QUIET": "True",
        "BENTOML_HOME": str(scratch),
        "PROMETHEUS_MULTIPROC_DIR": str(scratch),
    }
