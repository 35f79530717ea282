"""Where does the next page begin? After the member named by a cursor, which only the service can have given out.

A cursor is the order number of the last member seen, signed with a secret for one audience (HMAC, RFC 2104). It says
nothing of a page's size or format, and points at the same place however many members were removed in between.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error

from serving.audiences.errors import InvalidCursor

_NUMBER_BYTES = 8  # bytes
_SIGNATURE_BYTES = 16


def encode_cursor(audience_id: str, last_seen: int, secret: bytes) -> str:
    """A cursor after the member of that order number."""
    number = last_seen.to_bytes(_NUMBER_BYTES)
    return urlsafe_b64encode(number + _signature(audience_id, number, secret)).decode()


def decode_cursor(audience_id: str, cursor: str | None, secret: bytes) -> int:
    """The order number after which to go on; 0 without a cursor.

    Raises:
        InvalidCursor: it was altered, or was given out for another audience or by another service.
    """
    if cursor is None:
        return 0
    try:
        said = urlsafe_b64decode(cursor.encode("ascii"))
    except (Error, UnicodeEncodeError):
        raise _invalid_cursor() from None
    number, signature = said[:_NUMBER_BYTES], said[_NUMBER_BYTES:]
    canonical = urlsafe_b64encode(said).decode() == cursor
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
