"""Errors: the exceptions whose text is shown to the user; it says what was found, what was expected and the remedy."""

from __future__ import annotations


class FlywheelError(Exception):
    """Base of all errors that the user can correct; only their text is shown, without a traceback."""


class InvalidConfig(FlywheelError):
    """flywheel.toml is missing or invalid."""


class InvalidLog(FlywheelError):
    """The raw log does not match its description in flywheel.toml."""


class NotEnoughData(FlywheelError):
    """The log is valid but has too little data for the request."""


class NotFound(FlywheelError):
    """The result of an earlier step, such as the history or the features, does not exist yet."""


class InvalidStore(FlywheelError):
    """The configured address of the online store is invalid."""


class RowsLost(FlywheelError):
    """The online store has lost rows that were materialized into it."""


class StoreUnavailable(FlywheelError):
    """The online store failed or did not answer in time; a later attempt may succeed."""


class StoreDamaged(StoreUnavailable):
    """Stored bytes are not as they were written: a file was cut, or bits in it were flipped."""
