"""Audit log: each export, consent change and erasure is one JSON line that contains no customer id."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from features.errors import FlywheelError
from features.storage.atomic_files import sync_folder
from features.storage.secret import keyed_digest, load_secret
from serving.moments import rfc3339

EXPORT, CONSENT, ERASURE = "export", "consent", "erasure"
COMMAND_LINE = "cli"  # the actor when no API key is involved
_PURPOSE = "audit"
_APPEND_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC


class AuditWriteFailed(FlywheelError):
    """The audit line could not be written, so the action must not be carried out."""


@dataclass(frozen=True)
class AuditLog:
    """The append-only file ``audit.jsonl`` of a home, mode 0600; all workers and the command line share it."""

    path: Path
    _secret: bytes = field(repr=False)

    @classmethod
    def open(cls, home: Path) -> AuditLog:
        """Open the audit log of a home; the first line creates the file.

        Raises:
            InvalidSecret: the home's secret is damaged, or cannot be created.
        """
        return cls(home / "audit.jsonl", load_secret(home))

    def pseudonym(self, customer_id: str) -> str:
        """Return 64 hex digits that stand for the customer in every line and reveal nothing without the secret.

        A keyed hash (HMAC-SHA256, RFC 2104), because an unkeyed hash of a customer number is reversed by hashing all
        numbers.
        """
        return keyed_digest(self._secret, _PURPOSE, customer_id).hex()

    def append(self, action: str, actor: str, timestamp: int, **fields: object) -> None:
        """Append one line; ``timestamp`` is in microseconds since 1970 UTC, by the service's clock.

        A line is one write to a file opened for appending, so lines of several processes never mix. Every line is on
        disk when this returns, except those of exported pages.

        Raises:
            AuditWriteFailed: the file does not take the whole line.
        """
        line = orjson.dumps({"at": rfc3339(timestamp), "action": action, "actor": actor, **fields})
        with self._locked_file() as file:
            written = os.write(file, _missing_line_break(file) + line + b"\n")
            if written <= len(line):
                raise OSError(0, "the disk is full")
            if action != EXPORT:
                os.fsync(file)

    @contextmanager
    def _locked_file(self) -> Iterator[int]:
        """Open and lock the file for one line, so that log rotation can replace it between two lines."""
        try:
            new = not self.path.exists()
            file = os.open(self.path, _APPEND_FLAGS, 0o600)
            try:
                # Without the lock, another process could take a line that is being written for a torn one.
                fcntl.flock(file, fcntl.LOCK_EX)
                yield file
            finally:
                os.close(file)
            if new:
                sync_folder(self.path.parent)
        except OSError as error:
            raise AuditWriteFailed(
                f"Found no way to append a whole line to {self.path} ({error.strerror}); expected free disk space and "
                "write access. An action without an audit line is not carried out: free space or grant access, then "
                "retry."
            ) from None


def _missing_line_break(file: int) -> bytes:
    """Return a line break if a full disk left the last line torn, so that the next line stays readable."""
    end = os.lseek(file, 0, os.SEEK_END)
    return b"\n" if end and os.pread(file, 1, end - 1) != b"\n" else b""
