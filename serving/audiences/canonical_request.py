"""Canonical request: purpose and channel of an audience request in canonical form."""

from __future__ import annotations

from features.canonical_form import canonical_word
from features.consents.consent import PURPOSES
from serving.audiences.errors import InvalidAudienceRequest
from serving.audiences.schema import AudienceRequest


def with_canonical_words(request: AudienceRequest) -> AudienceRequest:
    """Return the request with purpose and channel in canonical form.

    Raises:
        InvalidAudienceRequest: the purpose is unknown, or the channel is empty.
    """
    purpose = canonical_word(request.purpose)
    if purpose not in PURPOSES:
        raise InvalidAudienceRequest.for_field("purpose", f"Found {request.purpose}; expected {' or '.join(PURPOSES)}.")
    channel = None if request.channel is None else canonical_word(request.channel)
    if channel == "":
        raise InvalidAudienceRequest.for_field(
            "channel", f"Found {request.channel!r}; expected a channel. Leave it out for any channel."
        )
    return request.model_copy(update={"purpose": purpose, "channel": channel})
