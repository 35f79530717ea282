"""Server: starts the service on the address of its settings; its workers are child processes."""

from __future__ import annotations

import socket
import time
from urllib.error import URLError
from urllib.request import urlopen

from features.errors import FlywheelError
from features.storage.private_files import keep_new_files_private
from serving.observability.clock import SystemClock
from serving.observability.json_logs import json_log
from serving.processes.scratch_folder import scratch_folder
from serving.processes.supervisor import Supervisor
from serving.settings import Settings

_POLL_SECONDS = 0.1
_BACKLOG = 2048  # connections that wait to be accepted


class AddressUnavailable(FlywheelError):
    """The address is in use, or does not belong to this machine."""


def run(settings: Settings) -> None:
    """Serve until Ctrl-C or SIGTERM; returns when open requests are answered and every worker has ended.

    Raises:
        AddressUnavailable: the address is in use, or does not belong to this machine.
        WorkersRefused: no worker can start, for example on a damaged home.
    """
    keep_new_files_private()  # the workers inherit it
    with _bound_socket(settings.host, settings.port) as listener, scratch_folder() as scratch:
        listener.listen(_BACKLOG)
        Supervisor(settings, listener, scratch, json_log(SystemClock())).run()


def check_address(host: str, port: int) -> None:
    """Check that a service can listen at an address.

    Raises:
        AddressUnavailable: the address is in use, or does not belong to this machine.
    """
    _bound_socket(host, port).close()


def _bound_socket(host: str, port: int) -> socket.socket:
    try:
        return _bind(host, port)
    except OSError as error:
        raise AddressUnavailable(
            f"Found {host}:{port} unavailable ({error.strerror}); expected a free port of an address of this machine. "
            "Stop the process that listens there, or choose another port."
        ) from None


def _bind(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    return listener


def wait_until_ready(url: str, timeout_seconds: float = 60.0) -> bool:
    """Whether the service at ``url`` becomes ready within ``timeout_seconds``."""
    for _ in range(round(timeout_seconds / _POLL_SECONDS)):
        try:
            with urlopen(f"{url}/readyz", timeout=1.0):  # noqa: S310 - our own address
                return True
        except (URLError, OSError):
            time.sleep(_POLL_SECONDS)
    return False
