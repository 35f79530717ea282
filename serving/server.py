"""Server: starts the service; BentoML's supervisor runs in this process, and its workers are child processes."""

from __future__ import annotations

import json
import os
import socket
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import URLError
from urllib.request import urlopen

from features.errors import FlywheelError
from features.storage.private_files import keep_new_files_private
from serving.settings import Settings

_POLL_SECONDS = 0.1


class AddressUnavailable(FlywheelError):
    """The address is in use, or does not belong to this machine."""


def run(settings: Settings) -> None:
    """Serve until Ctrl-C or SIGTERM; returns when open requests are answered and every worker has ended.

    Raises:
        AddressUnavailable: the address is in use, or does not belong to this machine.
    """
    keep_new_files_private()
    with TemporaryDirectory(prefix="flywheel-serve-") as scratch:
        os.environ.update(_environment(settings, Path(scratch)))
        from serving.service import FLYWHEEL  # noqa: PLC0415 - BentoML reads its environment when it is imported

        # Worker processes import the service from here, whatever folders the caller's directory holds.
        FLYWHEEL.working_dir = str(Path(__file__).resolve().parents[1])
        try:
            FLYWHEEL.serve_http(host=settings.host, port=settings.port)
        except OSError as error:
            raise _unavailable(settings.host, settings.port, error) from None


def check_address(host: str, port: int) -> None:
    """Check that a service can listen at an address.

    Raises:
        AddressUnavailable: the address is in use, or does not belong to this machine.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
    except OSError as error:
        raise _unavailable(host, port, error) from None


def _unavailable(host: str, port: int, error: OSError) -> AddressUnavailable:
    return AddressUnavailable(
        f"Found {host}:{port} unavailable ({error.strerror}); expected a free port of an address of this machine. "
        "Stop the process that listens there, or choose another port."
    )


def wait_until_ready(url: str, timeout_seconds: float = 60.0) -> bool:
    """Whether the service at ``url`` becomes ready within ``timeout_seconds``."""
    for _ in range(round(timeout_seconds / _POLL_SECONDS)):
        try:
            with urlopen(f"{url}/readyz", timeout=1.0):  # noqa: S310 - our own address
                return True
        except (URLError, OSError):
            time.sleep(_POLL_SECONDS)
    return False


def _environment(settings: Settings, scratch: Path) -> dict[str, str]:
    """Environment variables of the workers and of BentoML: no telemetry, and temporary files for its home."""
    return {
        **settings.environment(),
        "BENTOML_DO_NOT_TRACK": "True",
        "BENTOML_QUIET": "True",
        "BENTOML_HOME": str(scratch),
        "BENTOML_CONFIG_OVERRIDES": json.dumps({"services": {"flywheel": {"workers": settings.workers}}}),
    }
