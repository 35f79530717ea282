"""Who took customers out, changed a consent or had somebody forgotten, and when? One JSON line each, no id in it."""

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
COMMAND_LINE = "cli"  # the actor where no key was asked for
_PURPOSE = "audit"
_APPEND_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC


class AuditWriteFailed(FlywheelError):
    """What was to be done left no line in the audit, so it must not be done."""


@dataclass(frozen=True)
class AuditLog:
    """``audit.jsonl`` in a home, mode 0600, only ever appended to: by every worker and by the command line at once."""

    path: Path
    _secret: bytes = field(repr=False)

    @classmethod
    def open(cls, home: Path) -> AuditLog:
        """The audit of this home; the file is made by the first line.

        Raises:
            InvalidSecret: the home's secret is damaged, or cannot be made.
        """
        return cls(home / "audit.jsonl", load_secret(home))

    def pseudonym(self, customer_id: str) -> str:
        """64 hex digits that stand for the customer: the same in every line, and of no use without the home's secret.

        Keyed (HMAC-SHA256), since an unkeyed hash of a customer number is undone by hashing all numbers.
        """
        return keyed_digest(self._secret, _PURPOSE, customer_id).hex()

    def append(self, action: str, actor: str, timestamp: int, **fields: object) -> None:
        """Append one line; ``timestamp`` is in microseconds since 1970, UTC, as the service's clock has it.

        A line is one write to a file opened for appending, so lines of several processes never mix. All but exported
        pages are on disk when this returns.

        Raises:
            AuditWriteFailed: the file takes no whole line.
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
        """The file for one line, so that another may take its place between two."""
        try:
            new = not self.path.exists()
            file = os.open(self.path, _APPEND_FLAGS, 0o600)
            try:
                # Whoever looks at the last line while it is written would take it for a torn one.
                fcntl.flock(file, fcntl.LOCK_EX)
                yield file
            finally:
                os.close(file)
            if new:
                sync_folder(self.path.parent)
        except OSError as error:
            raise AuditWriteFailed(
                f"Found no way to write a whole line to {self.path} ({error.strerror}); expected room, and a file of "
                "this user's. Nothing is done that leaves no trace: make room or give access, then try again."
            ) from None


def _missing_line_break(file: int) -> bytes:
    """A line break where a full disk tore the last line, so that it spoils no other."""
    end = os.lseek(file, 0, os.SEEK_END)
    return b"\n" if end and os.pread(file, 1, end - 1) != b"\n" else b""
