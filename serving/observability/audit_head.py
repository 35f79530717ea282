"""Audit head: the file beside the audit log that names its last line, and the lock under which lines are appended."""

from __future__ import annotations

import fcntl
import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from serving.observability.audit_chain import HEAD_BYTES, ChainKey, Head

HEAD_FILE = "audit.head"
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC


class HeadFile:
    """Head file of one audit log; it stays open, because opening it takes as long as appending a line."""

    def __init__(self, path: Path, key: ChainKey) -> None:
        self._path = path
        self._key = key
        self._threads = Lock()  # a lock of the file does not exclude the threads of one process
        self._file = -1
        self._close: weakref.finalize[[int], HeadFile] | None = None
        self._process = 0
        self._last_written: tuple[bytes, Head] | None = None

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Exclude all other threads and processes.

        Without the lock, another process could take a line that is being written for a torn one, and two lines could
        follow the same line.

        Raises:
            OSError: the file cannot be opened or created.
        """
        with self._threads:
            if self._process != os.getpid():
                self._open()
            fcntl.flock(self._file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)

    def read(self) -> Head | None:
        """Return the head; None for a missing or damaged one."""
        packed = os.pread(self._file, HEAD_BYTES, 0)
        if self._last_written is not None and self._last_written[0] == packed:
            return self._last_written[1]
        return self._key.unpack_head(packed)

    def write(self, head: Head) -> None:
        """Replace the head; it is not synced, since lines that follow a head of before a power cut are genuine."""
        packed = self._key.pack_head(head)
        os.pwrite(self._file, packed, 0)
        self._last_written = packed, head

    def follow(self) -> None:
        """Open and lock the file that has the place now, if the open one was removed or replaced; call it locked."""
        try:
            is_replaced = not os.path.samestat(self._path.stat(), os.fstat(self._file))
        except FileNotFoundError:
            is_replaced = True
        if is_replaced:
            self._open()
            fcntl.flock(self._file, fcntl.LOCK_EX)

    def _open(self) -> None:
        file = os.open(self._path, _FLAGS, 0o600)
        if self._close is not None:
            self._close()
        self._file, self._process, self._last_written = file, os.getpid(), None
        self._close = weakref.finalize(self, os.close, file)
