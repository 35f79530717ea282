"""Tag errors: each message states what was found, what was expected, and the remedy."""

from __future__ import annotations

from features.errors import FlywheelError


class UnknownDestination(FlywheelError):
    """The configuration has no such destination of tags."""


class TagFileInvalid(FlywheelError):
    """A file that a destination names cannot be used: its contacts, or the ids of its tags."""


class TagLimitExceeded(FlywheelError):
    """The tags exceed a limit of the tool; nothing was written."""


class TagExportNotFound(FlywheelError):
    """There is no such export: none was begun, or a newer one has taken its place."""
