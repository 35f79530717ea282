"""Audit log: each act on customers' data and each act on keys is one JSON line that contains no customer id."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from errno import ENOSPC
from functools import cached_property
from pathlib import Path
from threading import Lock

from features.errors import FlywheelError
from features.storage.atomic_files import sync_folder
from features.storage.disk_reserve import use_reserve
from features.storage.secret import keyed_digest, load_secret
from serving.moments import rfc3339
from serving.observability.audit_chain import ChainKey, Head
from serving.observability.audit_head import HEAD_FILE, HeadFile
from serving.observability.audit_reader import AUDIT_FILE, audit_paths
from serving.observability.audit_recovery import Continuation, find_continuation

EXPORT, CONSENT, ERASURE = "export", "consent", "erasure"
CONSENT_READ, HISTORY_READ = "consent_read", "history_read"
RESTORE = "restore"
KEY_CREATED, KEY_REVOKED = "key_created", "key_revoked"
EXPERIMENT_STARTED, EXPERIMENT_CHANGED = "experiment_started", "experiment_changed"
REFUSAL, PREDICTION, DECISION = "refusal", "prediction", "decision"  # counted: one line for many requests
COMMAND_LINE = "cli"  # the actor when no API key is involved
_UNSYNCED = frozenset({EXPORT, CONSENT_READ, HISTORY_READ, REFUSAL, PREDICTION, DECISION})
_PURPOSE = "audit"
_APPEND_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC


class AuditWriteFailed(FlywheelError):
    """The audit line could not be written; an action that needs its line first is not carried out."""


@dataclass(frozen=True)
class AuditLog:
    """The append-only file ``audit.jsonl`` of a home, mode 0600; all workers and the command line share it.

    Each line names the code of the line before, and ``audit.head`` names the last line: see ``audit_chain``.
    """

    path: Path
    _secret: bytes = field(repr=False)
    _owed: deque[dict[str, object]] = field(default_factory=deque, repr=False, compare=False)
    _owed_lock: Lock = field(default_factory=Lock, repr=False, compare=False)

    @classmethod
    def open(cls, home: Path) -> AuditLog:
        """Open the audit log of a home; the first line creates the file.

        Raises:
            InvalidSecret: the home's secret is damaged, or cannot be created.
        """
        return cls(home / AUDIT_FILE, load_secret(home))

    @cached_property
    def chain_key(self) -> ChainKey:
        """The key of the codes that chain the lines."""
        return ChainKey.of(self._secret)

    @cached_property
    def _head_file(self) -> HeadFile:
        return HeadFile(self.path.with_name(HEAD_FILE), self.chain_key)

    def pseudonym(self, customer_id: str) -> str:
        """Return 64 hex digits that stand for the customer in every line and reveal nothing without the secret.

        A keyed hash (HMAC-SHA256, RFC 2104), because an unkeyed hash of a customer number is reversed by hashing all
        numbers.
        """
        return keyed_digest(self._secret, _PURPOSE, customer_id).hex()

    def append_done(self, action: str, actor: str, timestamp: int, **fields: object) -> bool:
        """Append the line of a denial or an erasure, which count already; False if it could not be written.

        Such a line is owed: it is written after the next line that can be, as long as this process runs.
        """
        try:
            self.append(action, actor, timestamp, **fields)
        except AuditWriteFailed:
            self._owed.append({"at": rfc3339(timestamp), "action": action, "actor": actor, **fields})
            return False
        return True

    def append(self, action: str, actor: str, timestamp: int, **fields: object) -> None:
        """Append one line; ``timestamp`` is in microseconds since 1970 UTC, by the clock of the machine.

        A line is one write to a file opened for appending, so lines of several processes never mix. Every line is on
        disk when this returns, except those of exported pages, of reads, and those that count requests.

        On a full disk those lines that are on disk at once get the space of the reserve.

        Raises:
            AuditWriteFailed: the file does not take the whole line.
        """
        line = {"at": rfc3339(timestamp), "action": action, "actor": actor, **fields}
        self._write(line, sync=action not in _UNSYNCED)
        with suppress(AuditWriteFailed):  # this line is written
            self.write_owed()

    def write_owed(self) -> None:
        """Write the lines that are owed.

        Raises:
            AuditWriteFailed: the file still does not take them.
        """
        with self._owed_lock:  # two threads would take the same line, or write them in another order
            while self._owed:
                self._write(self._owed[0], sync=True)
                self._owed.popleft()

    def _write(self, fields: dict[str, object], *, sync: bool) -> None:
        if sync:
            use_reserve(self.path.parent, lambda: self._append_line(fields, sync=True))
        else:
            self._append_line(fields, sync=False)

    def _append_line(self, fields: dict[str, object], *, sync: bool) -> None:
        with self._locked_file() as file:
            status = os.fstat(file)
            start = self._continuation(file, status)
            line, link = self.chain_key.append_link({**fields, **start.notes}, start.previous)
            text = start.line_break + line + b"\n"
            if os.write(file, text) < len(text):
                raise OSError(ENOSPC, "the disk is full")
            self._head_file.write(Head(link, status.st_ino, status.st_size + len(text)))
            if sync:
                os.fsync(file)
            if not status.st_size:
                sync_folder(self.path.parent)

    def _continuation(self, file: int, status: os.stat_result) -> Continuation:
        """Return where the chain goes on: after the line that the head names, if the file ends there."""
        head = self._head_file.read()
        if head is not None and head.is_at(status.st_ino, status.st_size):
            return Continuation(head.link, {})
        self._head_file.follow()
        head = self._head_file.read()
        is_new_log = audit_paths(self.path.parent) == [self.path]
        return find_continuation(file, status.st_size, head, self.chain_key, is_new_log=is_new_log)

    @contextmanager
    def _locked_file(self) -> Iterator[int]:
        """Open the file for one line, so that a rotation can replace it between two lines; the lock is on the head."""
        try:
            with self._head_file.lock():
                file = os.open(self.path, _APPEND_FLAGS, 0o600)
                try:
                    yield file
                finally:
                    os.close(file)
        except OSError as error:
            raise AuditWriteFailed(
                f"Found no way to append a whole line to {self.path} ({error.strerror}); expected free disk space and "
                "write access. An action without an audit line is not carried out: free space or grant access, then "
                "retry."
            ) from None
