"""Start the service on a home."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import ValidationError

from features.errors import FlywheelError
from features.validation_errors import message
from pipelines.home import Home
from serving.server import run as serve
from serving.settings import Settings


class InvalidSettings(FlywheelError):
    """The environment or the command line asks for a service that cannot be."""


def run(home: Home, host: str, port: int, as_of: date | None) -> None:
    """Serve until stopped; the clock stands at the beginning of ``as_of`` where that is given."""
    serve(settings(home, host, port, as_of))


def settings(home: Home, host: str, port: int, as_of: date | None) -> Settings:
    """The service's settings, the environment included.

    Raises:
        InvalidSettings: they contradict each other, or open the service to strangers without keys.
    """
    said: dict[str, Any] = {"home": home.folder.resolve(), "host": host, "port": port}
    if as_of is not None:
        said["as_of"] = as_of
    try:
        return Settings(**said)
    except ValidationError as error:
        reasons = "\n".join(f"  - {message(fault)}" for fault in error.errors())
        raise InvalidSettings(f"The service cannot be started so:\n{reasons}") from None
