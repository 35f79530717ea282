"""Supervisor channel: a private socket with a worker's settings, and its end when the supervisor ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading

from serving.processes.parent_death import signal_at_parent_death
from serving.settings import Settings

STOP = b"stop"


class SupervisorChannel:
    """Supervisor channel, as the worker has it."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self.service_stops = False  # so do all workers, not this one alone

    def receive_settings(self) -> Settings:
        """The settings that the supervisor sends first."""
        with self._channel.makefile("rb") as reader:
            return Settings.from_json(reader.readline())

    def send_refusal(self, error: Exception) -> None:
        """Tell the supervisor why this worker does not start."""
        self._channel.sendall(json.dumps({"refusal": str(error)}).encode())

    def watch(self) -> None:
        """End this process as soon as the supervisor has ended, however it ended, so that no worker keeps the port.

        On Linux the kernel does it, whatever this process is busy with. A thread does it elsewhere, and where the
        supervisor ended before this call.
        """
        signal_at_parent_death(signal.SIGKILL)
        threading.Thread(target=self._read, name="supervisor-channel", daemon=True).start()

    def _read(self) -> None:
        while self._channel.recv(len(STOP)):
            self.service_stops = True
        os.kill(os.getpid(), signal.SIGKILL)
