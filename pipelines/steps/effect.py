"""Effect step: answers a question about an event as POST /v1/effects does, from the home alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from features.errors import FlywheelError
from features.validation_errors import message
from pipelines.home import Home
from serving.experiments.effects import answer_effect
from serving.schemas.effects import EffectRequest, EffectResponse


class InvalidQuestion(FlywheelError):
    """The question has a value that is not as expected."""


def run(home: Home, options: Mapping[str, Any], zone: ZoneInfo, today: date, now: int) -> EffectResponse:
    """Answer a question as of the beginning of a day.

    Args:
        home: the home of the shop.
        options: the fields of the request.
        zone: of the shop.
        today: the day of the shop that is left out, with all later ones.
        now: the instant of the consents, microseconds since 1970 UTC.

    Raises:
        InvalidQuestion: a field is not as expected; the message names each.
        NotFound: there is no home.
        FlywheelError: as ``answer_effect``.
    """
    try:
        request = EffectRequest.model_validate(options)
    except ValidationError as error:
        reasons = [
            f"  - {'.'.join(map(str, fault['loc'])) or 'question'}: {message(fault)}" for fault in error.errors()
        ]
        raise InvalidQuestion("\n".join(["The question is not as expected.", *reasons])) from None
    home.require_folder()
    return answer_effect(request, home.folder, home.ledger(), zone, today, now)
