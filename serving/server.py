"""How is the service started, and when is it ready? BentoML's supervisor runs in this process, its workers below it."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import URLError
from urllib.request import urlopen

from features.errors import FlywheelError
from serving.settings import Settings

_POLL_SECONDS = 0.1  # seconds


class AddressUnavailable(FlywheelError):
    """The address is taken, or not ours."""


def run(settings: Settings) -> None:
    """Serve until Ctrl-C or SIGTERM; returns when the requests under way are answered and every worker has ended.

    Raises AddressUnavailable.
    """
    with TemporaryDirectory(prefix="flywheel-serve-") as scratch:
        os.environ.update(_environment(settings, Path(scratch)))
        from serving.service import FLYWHEEL  # noqa: PLC0415 - BentoML reads its environment when it is imported

        # Worker processes import the service from here, whatever folders the caller's directory holds.
        FLYWHEEL.working_dir = str(Path(__file__).resolve().parents[1])
        try:
            FLYWHEEL.serve_http(host=settings.host, port=settings.port)
        except OSError as error:
            raise AddressUnavailable(
                f"Found {settings.host}:{settings.port} closed to us ({error.strerror}); expected a free port of an "
                "address of this machine. Stop what listens there, or choose another port."
            ) from None


def wait_until_ready(url: str, timeout_seconds: float = 60.0) -> bool:
    """Whether the service at ``url`` said within so many seconds that a release is loaded and warm."""
    for _ in range(round(timeout_seconds / _POLL_SECONDS)):
        try:
            with urlopen(f"{url}/readyz", timeout=1.0):  # noqa: S310 - our own address
                return True
        except (URLError, OSError):
            time.sleep(_POLL_SECONDS)
    return False


def _environment(settings: Settings, scratch: Path) -> dict[str, str]:
    """What the workers and BentoML read: nothing is reported home, and its own files live as long as the service."""
    return {
        **settings.environment(),
        "BENTOML_DO_NOT_TRACK": "True",
        "BENTOML_QUIET": "True",
        "BENTOML_HOME": str(scratch),
        "BENTOML_CONFIG_OVERRIDES": json.dumps({"services": {"flywheel": {"workers": settings.workers}}}),
    }
