"""Cursor: a signed, opaque position after which the next page of members begins.

A cursor is the order number of the last member of a page, signed with a secret for one audience and one choice of the
hold-out (HMAC, RFC 2104), and masked with a key that follows from the signature: gaps between order numbers would tell
where a member was left out. It does not depend on the size or format of a page, and stays valid when members are
deleted.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error

from serving.audiences.errors import InvalidCursor
from serving.audiences.holdout import HoldoutChoice

_NUMBER_BYTES = 8
_SIGNATURE_BYTES = 16


def encode_cursor(audience_id: str, choice: HoldoutChoice, last_seen: int, secret: bytes) -> str:
    """Return a cursor that points after the member with this order number."""
    number = last_seen.to_bytes(_NUMBER_BYTES)
    signature = _signature(audience_id, choice, number, secret)
    return urlsafe_b64encode(_mask(number, signature, secret) + signature).decode()


def decode_cursor(audience_id: str, choice: HoldoutChoice, cursor: str | None, secret: bytes) -> int:
    """Return the order number after which the next page begins; 0 without a cursor.

    Raises:
        InvalidCursor: the cursor was altered, or was issued for another audience or choice, or by another service.
    """
    if cursor is None:
        return 0
    try:
        decoded = urlsafe_b64decode(cursor.encode("ascii"))
    except (Error, UnicodeEncodeError):
        raise _invalid_cursor() from None
    signature = decoded[_NUMBER_BYTES:]
    number = _mask(decoded[:_NUMBER_BYTES], signature, secret)
    canonical = urlsafe_b64encode(decoded).decode() == cursor
    if not (hmac.compare_digest(signature, _signature(audience_id, choice, number, secret)) and canonical):
        raise _invalid_cursor()
    return int.from_bytes(number)


def _signature(audience_id: str, choice: HoldoutChoice, number: bytes, secret: bytes) -> bytes:
    message = b"\0".join([b"audience page", audience_id.encode(), choice.encode(), number])
    return hmac.digest(secret, message, "sha256")[:_SIGNATURE_BYTES]


def _mask(number: bytes, signature: bytes, secret: bytes) -> bytes:
    """Mask or unmask an order number."""
    key = hmac.digest(secret, b"audience cursor\0" + signature, "sha256")
    return bytes(part ^ key_part for part, key_part in zip(number, key, strict=False))


def _invalid_cursor() -> InvalidCursor:
    return InvalidCursor(
        "Found a cursor that was not given out for this audience; expected one from its last page, unchanged, with "
        "the same holdout. Leave it out to begin with the first page."
    )
