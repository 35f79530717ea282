"""Checksums: CRC-32 in the last bytes of a stored value, so that flipped bits are noticed instead of answered."""

from __future__ import annotations

from zlib import crc32

_MARK = b"#"
_SUFFIX_BYTES = 9  # the mark and eight hex digits
_ZERO_RESIDUE = 0x6DD90A9D  # a CRC-32 that is XORed with it and appended makes the CRC-32 of the whole zero


class DamagedValue(ValueError):
    """A value does not have the checksum that it was written with."""


def seal(value: bytes, context: bytes = b"") -> bytes:
    """The value with a checksum behind it; ``context``, such as the key, is covered too but not stored."""
    return b"%b%b%08x" % (value, _MARK, crc32(value, crc32(context)))


def unseal(sealed: bytes, context: bytes = b"") -> bytes:
    """The value without its checksum; one without a mark was written before there were checksums and is returned as is.

    Raises:
        DamagedValue: the checksum is another.
    """
    if sealed[-_SUFFIX_BYTES : 1 - _SUFFIX_BYTES] != _MARK:
        return sealed
    value = sealed[:-_SUFFIX_BYTES]
    if sealed[1 - _SUFFIX_BYTES :] != b"%08x" % crc32(value, crc32(context)):
        raise DamagedValue(f"Found a value of {len(value)} bytes with another checksum. Restore it.")
    return value


def append_residue(body: bytes) -> bytes:
    """The body with four bytes behind it that make its CRC-32 zero, and with it that of any run of such rows."""
    return body + (crc32(body) ^ _ZERO_RESIDUE).to_bytes(4, "little")
