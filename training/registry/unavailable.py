"""Unavailable registry: what fails in MLflow's database or server becomes one error that says what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar, cast
from urllib.parse import urlsplit

from features.errors import FlywheelError

if TYPE_CHECKING:
    from mlflow import MlflowClient

P = ParamSpec("P")
T = TypeVar("T")

_ANSWERS = {"RESOURCE_DOES_NOT_EXIST", "RESOURCE_ALREADY_EXISTS"}  # of a store that works


class RegistryUnavailable(FlywheelError):
    """MLflow's database or server does not answer, or refuses; nothing was changed by the failed step."""


@contextmanager
def translate_failures(uri: str) -> Iterator[None]:
    """Raise RegistryUnavailable where MLflow, its database or its server fails; other errors pass.

    Raises:
        RegistryUnavailable: the store at ``uri`` is locked, damaged, unreachable or not understood.
    """
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 -- once its telemetry is off
    from requests import RequestException  # noqa: PLC0415 -- as slow as MLflow itself
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 -- as above

    try:
        yield
    except (sqlite3.Error, SQLAlchemyError, RequestException, ImportError) as error:
        raise RegistryUnavailable(_message(uri, error)) from error
    except MlflowException as error:
        if error.error_code in _ANSWERS:
            raise
        raise RegistryUnavailable(_message(uri, error)) from error


class GuardedClient:
    """An MLflow client whose calls raise RegistryUnavailable where the store fails."""

    def __init__(self, client: MlflowClient, uri: str) -> None:
        self._client = client
        self._uri = uri

    def __getattr__(self, name: str) -> object:
        attribute = getattr(self._client, name)
        return self._guard(attribute) if callable(attribute) else attribute

    def _guard(self, method: Callable[P, T]) -> Callable[P, T]:
        @wraps(method)
        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            with translate_failures(self._uri):
                return method(*args, **kwargs)

        return call


def guard_client(client: MlflowClient, uri: str) -> MlflowClient:
    """The client with its failures translated."""
    return cast("MlflowClient", GuardedClient(client, uri))


def _message(uri: str, error: Exception) -> str:
    shown, reason = _without_password(uri), _first_line(error)
    if "locked" in reason:
        return (
            f"Found the model registry {shown} locked by another program. Expected it to be free within seconds: "
            "stop the program that holds it (a backup, a database browser, another MLflow server), then try again."
        )
    if uri.startswith("sqlite:"):
        return (
            f"Found a model registry that cannot be read or written, {shown}: {reason}. Expected MLflow's database of "
            "this home: check the file's permissions and the space on the disk, or restore it from a backup."
        )
    return (
        f"Found no model registry at {shown}: {reason}. Expected an MLflow server or database that answers: check "
        "FLYWHEEL_MLFLOW_TRACKING_URI and that it runs, then try again."
    )


def _first_line(error: Exception) -> str:
    """What the innermost error says, in one line without the statement that failed."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].removesuffix(".")[:200]


def _without_password(uri: str) -> str:
    try:
        parts = urlsplit(uri)
        password = parts.password
    except ValueError:
        return "at the configured address"
    return uri.replace(f":{password}@", ":***@") if password else uri
