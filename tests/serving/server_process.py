"""Server process: the service as an operator runs it, a process with a port and a home on disk."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUN = "from serving.server import run; from serving.settings import Settings; run(Settings())"
TLS = ssl.create_default_context()  # every call of httpx.get would load the certificates again, 50 ms


def start_server(home: Path, port: int, **settings: str) -> subprocess.Popen[str]:
    """Start a service on a home, as of the day of ``tiny``; the caller stops it."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "FLYWHEEL_HOME": str(home),
        "FLYWHEEL_PORT": str(port),
        "FLYWHEEL_AS_OF": "2026-11-21T10:30:00",
        "FLYWHEEL_POLL_SECONDS": "0.05",
        **settings,
    }
    command = [sys.executable, "-P", "-c", RUN]
    return subprocess.Popen(
        command, env=environment, cwd=home, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
