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
    purpose, channel = canonical_reach(request.purpose, request.channel)
    return request.model_copy(update={"purpose": purpose, "channel": channel})


def canonical_reach(purpose: str, channel: str | None) -> tuple[str, str | None]:
    """Return a purpose and a channel in canonical form.

    Raises:
        InvalidAudienceRequest: the purpose is unknown, or the channel is empty.
    """
    known_purpose = canonical_word(purpose)
    if known_purpose not in PURPOSES:
        raise InvalidAudienceRequest.for_field("purpose", f"Found {purpose}; expected {' or '.join(PURPOSES)}.")
    known_channel = None if channel is None else canonical_word(channel)
    if known_channel == "":
        raise InvalidAudienceRequest.for_field(
            "channel", f"Found {channel!r}; expected a channel. Leave it out for any channel."
        )
    return known_purpose, known_channel
