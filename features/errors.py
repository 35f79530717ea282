"""What can be wrong with what a shop gives us, said once: found, expected, remedy."""

from __future__ import annotations


class FlywheelError(Exception):
    """Something the caller can put right; its text is all that is shown."""


class BadDescription(FlywheelError):
    """flywheel.toml says something that has no meaning here."""


class BadLog(FlywheelError):
    """The log is not what flywheel.toml says it is."""


class NotEnoughData(FlywheelError):
    """The log is sound, but cannot answer this question."""


class NothingThere(FlywheelError):
    """A step was asked for before the one it builds on."""
