"""Environment variables: the ones that the command line reads. Those of the service are in ``serving.settings``."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime

from features.errors import FlywheelError
from serving.moments import parse_datetime


@dataclass(frozen=True)
class Variable:
    """One environment variable with its name, its default and its meaning."""

    name: str
    default: str
    meaning: str

    @property
    def value(self) -> str:
        """Return the value in the environment, or the default if it is unset or empty."""
        return os.environ.get(self.name) or self.default


CONFIG = Variable(
    "FLYWHEEL_CONFIG", "flywheel.toml", "The configuration file, where the working directory has no `flywheel.toml`."
)
HOME = Variable(
    "FLYWHEEL_HOME",
    ".flywheel",
    "The folder with history, features, releases and scores, where the working directory has no `.flywheel`.",
)
ONLINE_STORE = Variable(
    "FLYWHEEL_ONLINE_STORE", "lmdb", "The online store that features are materialized into, as for the service."
)
MLFLOW_TRACKING_URI = Variable(
    "FLYWHEEL_MLFLOW_TRACKING_URI",
    "",
    "The address of an MLflow server or database of your own; without it, MLflow is in the home.",
)
LOCK_SECONDS = Variable(
    "FLYWHEEL_LOCK_SECONDS", "5", "How many seconds a second writer waits for the home's write lock."
)

VARIABLES = (CONFIG, HOME, ONLINE_STORE, MLFLOW_TRACKING_URI, LOCK_SECONDS)


class InvalidVariable(FlywheelError):
    """An environment variable has an invalid value."""


def pinned_time() -> datetime | None:
    """Return the instant at which FLYWHEEL_AS_OF pins the clock of the service, naive if it is the shop's wall clock.

    Raises:
        InvalidVariable: the variable is not a date-time.
    """
    text = os.environ.get("FLYWHEEL_AS_OF")
    try:
        return parse_datetime(text) if text else None
    except ValueError as error:
        raise InvalidVariable(f"FLYWHEEL_AS_OF: {error}") from None
