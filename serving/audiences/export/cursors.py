"""Cursor: a signed, opaque position after which the next page of members begins.

A cursor is the order number of the last member of a page, signed with a secret for one audience (HMAC, RFC 2104). It
does not depend on the size or format of a page, and stays valid when members are deleted.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error

from serving.audiences.errors import InvalidCursor

_NUMBER_BYTES = 8
_SIGNATURE_BYTES = 16


def encode_cursor(audience_id: str, last_seen: int, secret: bytes) -> str:
    """Return a cursor that points after the member with this order number."""
    number = last_seen.to_bytes(_NUMBER_BYTES)
    return urlsafe_b64encode(number + _signature(audience_id, number, secret)).decode()


def decode_cursor(audience_id: str, cursor: str | None, secret: bytes) -> int:
    """Return the order number after which the next page begins; 0 without a cursor.

    Raises:
        InvalidCursor: the cursor was altered, or was issued for another audience or by another service.
    """
    if cursor is None:
        return 0
    try:
        decoded = urlsafe_b64decode(cursor.encode("ascii"))
    except (Error, UnicodeEncodeError):
        raise _invalid_cursor() from None
    number, signature = decoded[:_NUMBER_BYTES], decoded[_NUMBER_BYTES:]
    canonical = urlsafe_b64encode(decoded).decode() == cursor
    if not (hmac.compare_digest(signature, _signature(audience_id, number, secret)) and canonical):
        raise _invalid_cursor()
    return int.from_bytes(number)


def _signature(audience_id: str, number: bytes, secret: bytes) -> bytes:
    return hmac.digest(secret, b"audience page\0" + audience_id.encode() + b"\0" + number, "sha256")[:_SIGNATURE_BYTES]


def _invalid_cursor() -> InvalidCursor:
    return InvalidCursor(
        "Found a cursor that was not given out for this audience; expected one from its last page, unchanged. "
        "Leave it out to begin with the first page."
    )
