"""Audience errors: each message states what was found, what was expected, and the remedy."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from features.errors import FlywheelError
from serving.schemas.predictions import FieldProblem

_MAX_LISTED_ERRORS = 20
_MAX_SHOWN_LENGTH = 60
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
        count = "1 field is" if len(errors) == 1 else f"{len(errors)} fields are"
        listed = "" if len(errors) <= _MAX_LISTED_ERRORS else f" The first {_MAX_LISTED_ERRORS} are listed."
        return cls(f"{count} not as expected.{listed} The form is in /openapi.json.", errors[:_MAX_LISTED_ERRORS])

    @classmethod
    def for_field(cls, field: str, reason: str) -> InvalidAudienceRequest:
        """Return an error for one field."""
        return cls.from_errors([FieldProblem(field=field, reason=reason)])


class AudienceNotFound(FlywheelError):
    """No audience is stored under this id; it may have expired."""


class InvalidCursor(FlywheelError):
    """The cursor was not issued for this audience."""


class InvalidScores(FlywheelError):
    """The scores table is missing, or is not what `flywheel score` writes."""


def truncated_json(value: object) -> str:
    """Return a value as JSON, cut to 60 characters."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _MAX_SHOWN_LENGTH else f"{text[: _MAX_SHOWN_LENGTH - 3]}..."


def suggestions(name: str, names: Iterable[str]) -> str:
    """Return a sentence with the closest valid name, or with all valid names."""
    known = sorted(names)
    near = get_close_matches(name, known, n=1, cutoff=0.6)
    if near:
        return f"Did you mean {near[0]}?"
    more = f" and {len(known) - _MAX_SUGGESTIONS} more" if len(known) > _MAX_SUGGESTIONS else ""
    return f"There are {', '.join(known[:_MAX_SUGGESTIONS]) or 'none'}{more}."
