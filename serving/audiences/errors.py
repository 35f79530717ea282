"""What can be wrong with what is asked about an audience? Said once: found, expected, remedy."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from features.errors import FlywheelError
from serving.schemas.predictions import FieldProblem

_MOST_LISTED = 20
_LONGEST_SHOWN = 60
_MOST_NAMES = 12


class NotJson(FlywheelError):
    """The body is no JSON at all."""


class Refused(FlywheelError):
    """The request is JSON, but asks for something that has no meaning here; ``errors`` names the fields."""

    def __init__(self, detail: str, errors: Sequence[FieldProblem] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = tuple(errors)

    @classmethod
    def of(cls, errors: Sequence[FieldProblem]) -> Refused:
        """One refusal for all fields at fault, of which the first twenty are listed."""
        count = "1 field is" if len(errors) == 1 else f"{len(errors)} fields are"
        listed = "" if len(errors) <= _MOST_LISTED else f" The first {_MOST_LISTED} are listed."
        return cls(f"{count} not as expected.{listed} The form is in /openapi.json.", errors[:_MOST_LISTED])

    @classmethod
    def at(cls, field: str, reason: str) -> Refused:
        """A refusal for one field."""
        return cls.of([FieldProblem(field=field, reason=reason)])


class NoSuchAudience(FlywheelError):
    """There is no stored audience of that id, or there is none any more."""


class BadCursor(FlywheelError):
    """The cursor is not one that was given out for this audience."""


class BadScores(FlywheelError):
    """The scores table is not there, or is not what `flywheel score` writes."""


def shown(found: object) -> str:
    """A value as JSON, cut short."""
    text = json.dumps(found, ensure_ascii=False)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 3]}..."


def choice(found: str, names: Iterable[str]) -> str:
    """What there is to choose from, the nearest to what was found first."""
    known = sorted(names)
    near = get_close_matches(found, known, n=1, cutoff=0.6)
    if near:
        return f"Did you mean {near[0]}?"
    more = f" and {len(known) - _MOST_NAMES} more" if len(known) > _MOST_NAMES else ""
    return f"There are {', '.join(known[:_MOST_NAMES]) or 'none'}{more}."
