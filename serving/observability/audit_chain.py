"""Audit chain: each line names the code of the line before, and the head names the last line.

The codes are keyed BLAKE2b (RFC 7693) of 128 bits under a key of the home: who cannot read the secret can neither write
a line nor take one out. Who has the secret can write a chain anew; forward-secure trails (Bellare and Yee, 1997) and
copies on another machine prevent that.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import orjson

from features.storage.secret import keyed_digest

GENESIS = ""  # the code before the first line
HEAD_BYTES = 256
_CODE_BYTES = 16
_CODE_FIELD = b',"code":"'
_CODE_SUFFIX_LENGTH = len(_CODE_FIELD) + 2 * _CODE_BYTES + len(b'"}')


@dataclass(frozen=True)
class Link:
    """The last line of a chain: its number, from 1 on, and its code."""

    line: int
    code: str


NO_LINE = Link(0, GENESIS)


@dataclass(frozen=True)
class Head:
    """The head of the chain: its last line, and the file and the size in bytes at which that line ends."""

    link: Link
    inode: int
    end: int

    def is_at(self, inode: int, size: int) -> bool:
        """Whether a file ends with the last line of the chain."""
        return (self.inode, self.end) == (inode, size)


@dataclass(frozen=True)
class ChainKey:
    """The key of a home's audit chain."""

    _key: bytes = field(repr=False)

    @classmethod
    def of(cls, secret: bytes) -> ChainKey:
        """Derive the key from the secret of the home."""
        return cls(keyed_digest(secret, "audit chain", "key"))

    def code_of(self, content: bytes) -> str:
        """Return the code of a content: 32 hex digits."""
        return blake2b(content, key=self._key, digest_size=_CODE_BYTES).hexdigest()

    def append_link(self, fields: dict[str, Any], previous: Link) -> tuple[bytes, Link]:
        """Return the line with these fields after another, without a line break, and its place in the chain."""
        content = orjson.dumps({**fields, "line": previous.line + 1, "previous": previous.code})
        code = self.code_of(content)
        return content[:-1] + _CODE_FIELD + code.encode() + b'"}', Link(previous.line + 1, code)

    def is_genuine(self, line: bytes) -> bool:
        """Whether a line ends with its own code."""
        content, suffix = line[:-_CODE_SUFFIX_LENGTH] + b"}", line[-_CODE_SUFFIX_LENGTH:]
        expected = _CODE_FIELD + self.code_of(content).encode() + b'"}'
        return hmac.compare_digest(suffix, expected)

    def link_of(self, line: bytes) -> Link | None:
        """Return the place of a genuine line in the chain; None for any other line."""
        if not self.is_genuine(line):
            return None
        fields = orjson.loads(line)
        return Link(fields["line"], fields["code"])

    def pack_head(self, head: Head) -> bytes:
        """Return the bytes of a head, HEAD_BYTES long and with a code of their own."""
        content = orjson.dumps([head.link.line, head.link.code, head.inode, head.end])
        return b"%b %b\n" % (content, self.code_of(b"head " + content).encode().ljust(HEAD_BYTES - len(content) - 2))

    def unpack_head(self, packed: bytes) -> Head | None:
        """Return a head from its bytes; None for missing or damaged ones, and those of another secret."""
        content, _, code = packed.rstrip().rpartition(b" ")
        if not hmac.compare_digest(code, self.code_of(b"head " + content).encode()):
            return None
        line, link_code, inode, end = orjson.loads(content)
        return Head(Link(line, link_code), inode, end)
