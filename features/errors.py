"""What can be wrong with what a shop gives us, said once: found, expected, remedy."""

from __future__ import annotations


class FlywheelError(Exception):
    """Something the caller can put right; its text is all that is shown."""


class InvalidConfig(FlywheelError):
    """flywheel.toml says something that has no meaning here."""


class InvalidLog(FlywheelError):
    """The log is not what flywheel.toml says it is."""


class NotEnoughData(FlywheelError):
    """The log is sound, but cannot answer this question."""


class NotFound(FlywheelError):
    """A step was asked for before the one it builds on."""


class InvalidStore(FlywheelError):
    """The online store is said to be where none can be."""


class RowsLost(FlywheelError):
    """The online store no longer holds what was published to it."""


class StoreUnavailable(FlywheelError):
    """The online store did not answer, or not in time; it may the next moment."""
