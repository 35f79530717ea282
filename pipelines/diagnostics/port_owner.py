"""Port owner: which program listens on a port of this machine."""

from __future__ import annotations

import json
import socket
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.request import urlopen

import psutil

_TIMEOUT_SECONDS = 1.0


def find_port_owner(port: int) -> str | None:
    """Name the program that listens on a port of this machine; None where nobody does."""
    try:
        socket.create_connection(("127.0.0.1", port), _TIMEOUT_SECONDS).close()
    except OSError:
        return None
    return _flywheel_service(port) or _process_name(port) or "another program"


def _flywheel_service(port: int) -> str | None:
    """The Flywheel service on a port, by the answer of its readiness probe."""
    try:
        with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=_TIMEOUT_SECONDS) as response:
            answer = json.load(response)
    except HTTPError as error:
        return "a Flywheel service that is not ready" if "/problem+json" in error.headers.get_content_type() else None
    except (OSError, ValueError, HTTPException):
        return None
    is_flywheel = isinstance(answer, dict) and answer.get("status") in {"ready", "degraded"}
    return f"a Flywheel service with release {answer.get('release')}, {answer['status']}" if is_flywheel else None


def _process_name(port: int) -> str | None:
    try:
        listeners = [
            connection.pid
            for connection in psutil.net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid
        ]
        return f"{psutil.Process(listeners[0]).name()} (process {listeners[0]})" if listeners else None
    except psutil.Error:
        return None
