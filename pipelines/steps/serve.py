"""Serve step: starts the HTTP service on a home."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from features.calendar import micros
from features.errors import FlywheelError, StoreUnavailable
from features.storage.home_format import check_home_format
from features.storage.secret import load_secret
from features.validation_errors import message
from pipelines.home import Home
from serving.moments import resolve_instant
from serving.server import check_address
from serving.server import run as serve
from serving.settings import ENVIRONMENT_PREFIX, Settings

_OPTIONS = ("home", "host", "port", "as_of")  # settings that the command line has too


class InvalidSettings(FlywheelError):
    """The environment or the command line has invalid service settings."""


def run(home: Home, host: str, port: int, as_of: date | None, now: datetime, notify: Callable[[str], None]) -> None:
    """Serve until stopped; with ``as_of`` the service's clock is fixed at the beginning of that day.

    ``notify`` gets the sentences that the operator has to read at the start.

    Raises:
        InvalidSettings: a setting is invalid, or the clock would be fixed after ``now``.
        UnreadableHome: a newer version of Flywheel wrote the home.
        AddressUnavailable: the address is in use, or does not belong to this machine.
        InvalidSecret: the secret of the home is lost, or another than that of its consents.
        RowsLost: the consents are another home's, or older than this home remembers.
    """
    chosen = settings(home, host, port, as_of)
    check_home_format(home.folder)
    check_pinned_clock(chosen, home.zone(), now)
    check_ledger(home)
    check_address(host, port)
    for notice in start_notices(home, host, port):
        notify(notice)
    serve(chosen)


def check_ledger(home: Home) -> None:
    """Check secret and consents before anyone is answered; a Redis that is away just now may come back later.

    Raises:
        InvalidSecret: the secret of the home is lost, or another than that of its consents.
        RowsLost: the consents are another home's, or older than this home remembers.
    """
    load_secret(home.folder)
    with suppress(StoreUnavailable):
        home.ledger().state()


def start_notices(home: Home, host: str, port: int) -> list[str]:
    """Where the service answers, and what is missing in the home before it can answer."""
    name = f"[{host}]" if ":" in host else host
    notices = [f"Flywheel answers on http://{name}:{port} (docs at /docs, Ctrl-C stops it)"]
    if home.champion() is None:
        notices.append(
            f"Found no champion in {home.folder.resolve()}, so every prediction gets status 503. Expected a promoted "
            "release: run `flywheel run`, and this service loads it, or name another folder with --home."
        )
    return notices


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
        reasons = "\n".join(f"  - {_setting_name(fault)}{message(fault)}" for fault in error.errors())
        raise InvalidSettings(f"The service cannot start with these settings:\n{reasons}") from None


def _setting_name(fault: ErrorDetails) -> str:
    """The variable of the invalid setting, and its option where there is one; empty for a fault of several settings."""
    if not fault["loc"]:
        return ""
    field = str(fault["loc"][0])
    option = f" or --{field.replace('_', '-')}" if field in _OPTIONS else ""
    return f"{ENVIRONMENT_PREFIX}{field.upper()}{option}: "


def check_pinned_clock(chosen: Settings, zone: ZoneInfo, now: datetime) -> None:
    """Check that the service's clock is not fixed in the future.

    Raises:
        InvalidSettings: it is.
    """
    if chosen.as_of is not None and resolve_instant(chosen.as_of, zone) > micros(now):
        raise InvalidSettings(
            f"Found the service's clock fixed at {chosen.as_of.isoformat()}. Expected an instant up to now, "
            f"{now.astimezone(zone):%Y-%m-%d %H:%M} in {zone.key}: every customer would look silent. Correct --as-of "
            "or FLYWHEEL_AS_OF, or leave them out."
        )
