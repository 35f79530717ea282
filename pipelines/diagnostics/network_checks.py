"""Network checks: the ports of the service and of MLflow, the settings of the service, and its API keys."""

from __future__ import annotations

import os

from pydantic import ValidationError

from features.validation_errors import message
from pipelines.diagnostics.check import Finding, check, ok, problem, warning
from pipelines.diagnostics.surroundings import Surroundings
from serving.auth.key_store import KeyStore, active_keys
from serving.connections.limits import RESERVED_FILES, ConnectionLimits, possible_open_files
from serving.settings import ENVIRONMENT_PREFIX, Settings

UI_PORT = 5000
ADVISED_KEY_LENGTH = 20  # characters, more than `serve` requires: about 100 bits, if they are random letters and digits


@check(
    "network",
    "service settings",
    expected="settings that `flywheel serve` accepts; any address but loopback needs API keys",
    remedy="Correct the variable; create a key with `flywheel keys create`, or listen on 127.0.0.1",
)
def service_settings(surroundings: Surroundings) -> Finding:
    """The settings of the service in the environment."""
    try:
        settings = Settings(home=surroundings.home.folder)
    except ValidationError as error:
        return problem("; ".join(message(fault) for fault in error.errors()))
    pinned = f", with the clock fixed at {settings.as_of:%Y-%m-%d %H:%M}" if settings.as_of else ""
    return ok(f"{settings.host}:{settings.port}, workers: {settings.workers}{pinned}")


@check(
    "network",
    "API keys",
    expected=f"keys of {ADVISED_KEY_LENGTH} characters or more in FLYWHEEL_API_KEYS, or keys of `flywheel keys`",
    remedy="Take a longer one (`openssl rand -hex 32`), or create it with `flywheel keys create`",
)
def api_keys(surroundings: Surroundings) -> Finding:
    """The keys of the environment and of the home; short ones can be guessed."""
    given = os.environ.get(f"{ENVIRONMENT_PREFIX}API_KEYS", "").split(",")
    lengths = [len(key.strip()) for key in given if key.strip()]
    stored = KeyStore.for_home(surroundings.home.folder).read()
    short = sum(length < ADVISED_KEY_LENGTH for length in lengths)
    if short:
        return problem(f"{short} of {len(lengths)} keys in FLYWHEEL_API_KEYS are shorter than {ADVISED_KEY_LENGTH}")
    if stored is None and not lengths:
        return ok("none: the service is open, and listens on loopback addresses only")
    return ok(f"{len(active_keys(stored))} active keys in the home, {len(lengths)} in the environment")


@check(
    "network",
    "connections",
    expected="a limit of open files that lets a worker hold FLYWHEEL_MAX_CONNECTIONS",
    remedy="Raise the hard limit of open files (`ulimit -Hn`, LimitNOFILE of the unit), or set fewer connections",
)
def connections(surroundings: Surroundings) -> Finding:
    """The connections that a worker of the service can hold, by the open files that this user may have."""
    try:
        settings = Settings(home=surroundings.home.folder)
    except ValidationError:
        return warning("not known, because the service settings are invalid")
    open_files = possible_open_files(settings.max_connections + RESERVED_FILES)
    most = ConnectionLimits.within(settings, open_files).max_connections
    found = f"{most:,} of {settings.max_connections:,} in each worker"
    return ok(found) if most == settings.max_connections else warning(found)


@check(
    "network",
    "service port",
    expected="a free port, or a Flywheel service on it",
    remedy="Stop the other program, or choose another port: FLYWHEEL_PORT or --port",
)
def service_port(surroundings: Surroundings) -> Finding:
    """The port that `flywheel serve` listens on."""
    given = os.environ.get(f"{ENVIRONMENT_PREFIX}PORT", "")
    return _inspect_port(surroundings, int(given) if given.isdecimal() else 3000, ("a Flywheel service",))


@check(
    "network",
    "MLflow port",
    expected="a free port, or `flywheel ui` on it",
    remedy="Stop the other program, or choose another port: `flywheel ui --port 5001`",
)
def ui_port(surroundings: Surroundings) -> Finding:
    """The port that `flywheel ui` listens on."""
    return _inspect_port(surroundings, UI_PORT, ("python", "mlflow", "uvicorn", "gunicorn"))


def _inspect_port(surroundings: Surroundings, port: int, expected: tuple[str, ...]) -> Finding:
    owner = surroundings.port_owner(port)
    if owner is None:
        return ok(f"{port} is free")
    found = f"{port} is used by {owner}"
    return ok(found) if owner.startswith(expected) else warning(found)


NETWORK_CHECKS = (service_settings, api_keys, connections, service_port, ui_port)
