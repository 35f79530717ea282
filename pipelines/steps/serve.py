"""Serve step: starts the HTTP service on a home."""

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
    """The environment or the command line has invalid service settings."""


def run(home: Home, host: str, port: int, as_of: date | None) -> None:
    """Serve until stopped; with ``as_of`` the service's clock is fixed at the beginning of that day."""
    serve(settings(home, host, port, as_of))


def settings(home: Home, host: str, port: int, as_of: date | None) -> Settings:
    """Return the service's settings from the options and the environment.

    Raises:
        InvalidSettings: a setting is invalid, or the service would be reachable from outside without API keys.
    """
    options: dict[str, Any] = {"home": home.folder.resolve(), "host": host, "port": port}
    if as_of is not None:
        options["as_of"] = as_of
    try:
        return Settings(**options)
    except ValidationError as error:
        reasons = "\n".join(f"  - {message(fault)}" for fault in error.errors())
        raise InvalidSettings(f"The service cannot start with these settings:\n{reasons}") from None
