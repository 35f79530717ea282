"""Environment variables: the ones that the command line reads. Those of the service are in ``serving.settings``."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING

from features.errors import FlywheelError
from serving.moments import parse_datetime

if TYPE_CHECKING:
    from serving.audience_policy import AudiencePolicy


class InvalidVariable(FlywheelError):
    """An environment variable has an invalid value."""


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

    def seconds(self) -> float:
        """Return the value as a time in seconds.

        Raises:
            InvalidVariable: it is not a number of 0 or more.
        """
        try:
            seconds = float(self.value)
        except ValueError:
            seconds = math.nan
        if not 0 <= seconds < math.inf:
            raise InvalidVariable(
                f"Found {self.name}={self.value!r}; expected a number of seconds, 0 or more. Correct the variable, or "
                f"remove it: the default is {self.default}."
            )
        return seconds


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

PREFIX = "FLYWHEEL_"
PINNED_TIME = f"{PREFIX}AS_OF"  # a setting of the service that the command line reads, too
VARIABLES = (CONFIG, HOME, ONLINE_STORE, MLFLOW_TRACKING_URI, LOCK_SECONDS)


def unknown_variables() -> list[str]:
    """Return a sentence for each variable that begins with FLYWHEEL_ and that nothing reads."""
    read_here = {*(variable.name for variable in VARIABLES), PINNED_TIME}
    given = sorted(name for name in os.environ if name.startswith(PREFIX) and name not in read_here)
    if not given:
        return []
    known = known_variables()
    return [_describe_unknown(name, known) for name in given if name not in known]


def known_variables() -> list[str]:
    """Return the names of all variables that the service or the command line reads."""
    from serving.settings import Settings  # half a second, which a command without such variables need not wait for

    settings = [f"{PREFIX}{name.upper()}" for name in Settings.model_fields]
    return list(dict.fromkeys([*(variable.name for variable in VARIABLES), *settings]))


def _describe_unknown(name: str, known: Sequence[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"{name} is not known" + (f", perhaps {close[0]}" if close else "")


def pinned_time() -> datetime | None:
    """Return the instant at which FLYWHEEL_AS_OF pins the clock of the service, naive if it is the shop's wall clock.

    Raises:
        InvalidVariable: the variable is not a date-time.
    """
    text = os.environ.get(PINNED_TIME)
    try:
        return parse_datetime(text) if text else None
    except ValueError as error:
        raise InvalidVariable(f"{PINNED_TIME}: {error}") from None


def audience_policy() -> AudiencePolicy:
    """Return the settings of audiences, which the service and the command line share.

    Raises:
        InvalidVariable: one of them has an invalid value.
    """
    # Pydantic, which the commands that read no settings need not wait for.
    from pydantic import ValidationError

    from features.validation_errors import message
    from serving.audience_policy import AudiencePolicy

    try:
        return AudiencePolicy()
    except ValidationError as error:
        reasons = (f"{PREFIX}{str(fault['loc'][0]).upper()}: {message(fault)}" for fault in error.errors())
        raise InvalidVariable("\n".join(reasons)) from None
