"""Audience errors: each message states what was found, what was expected, and the remedy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from features.errors import FlywheelError
from features.validation_errors import json_text
from serving.invalid_fields import MAX_LISTED_FIELDS, invalid_fields_summary
from serving.schemas.predictions import FieldProblem

_MAX_SHOWN_CHARACTERS = 60
_MAX_SUGGESTIONS = 12


class InvalidJson(FlywheelError):
    """The body is not JSON."""


class InvalidAudienceRequest(FlywheelError):
    """The request is JSON, but not a valid audience request; ``errors`` names the fields."""

    def __init__(self, detail: str, errors: Sequence[FieldProblem] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = tuple(errors)

    @classmethod
    def from_errors(cls, errors: Sequence[FieldProblem]) -> InvalidAudienceRequest:
        """Return one error for all invalid fields; the first twenty are listed."""
        return cls(invalid_fields_summary(len(errors)), errors[:MAX_LISTED_FIELDS])

    @classmethod
    def for_field(cls, field: str, reason: str) -> InvalidAudienceRequest:
        """Return an error for one field."""
        return cls.from_errors([FieldProblem(field=field, reason=reason)])


class AudienceNotFound(FlywheelError):
    """No audience is stored under this id; it may have expired."""


class AudienceDamaged(AudienceNotFound):
    """The audience was stored under this id, but could not be read, and was deleted."""


class AudienceStorageFull(FlywheelError):
    """There is no room for another stored audience: a quota is used up, or the disk is full."""


class AudienceTooSmall(FlywheelError):
    """The audience has so few members that only a key with the scope admin may list them."""


class InvalidCursor(FlywheelError):
    """The cursor was not issued for this audience."""


class InvalidScores(FlywheelError):
    """The scores table is missing, or is not what `flywheel score` writes."""


def truncated_json(value: object) -> str:
    """Return a value as JSON, shortened to 60 characters."""
    return json_text(value, _MAX_SHOWN_CHARACTERS)


def suggestions(name: str, names: Iterable[str]) -> str:
    """Return a sentence with the closest valid name, or with all valid names."""
    known = sorted(names)
    closest = get_close_matches(name, known, n=1, cutoff=0.6)
    if closest:
        return f"Did you mean {closest[0]}?"
    more = f" and {len(known) - _MAX_SUGGESTIONS} more" if len(known) > _MAX_SUGGESTIONS else ""
    return f"There are {', '.join(known[:_MAX_SUGGESTIONS]) or 'none'}{more}."
