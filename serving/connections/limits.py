"""Connection limits: how many connections a worker holds, and how long each may take; files left to open count too."""

from __future__ import annotations

import resource
from dataclasses import dataclass

from serving.settings import Settings

MAX_HEADER_BYTES = 2**16  # request line and headers of one request; more is 431
RESERVED_FILES = 64  # descriptors of a worker for its stores, its logs, and connections that are turned away


@dataclass(frozen=True, kw_only=True)
class ConnectionLimits:
    """Connection limits of one worker."""

    max_connections: int
    max_per_address: int
    header_seconds: float
    idle_seconds: float

    @classmethod
    def within(cls, settings: Settings, open_files: int) -> ConnectionLimits:
        """The limits of the settings, in a process that may have ``open_files`` descriptors."""
        most = min(settings.max_connections, max(1, open_files - RESERVED_FILES))
        return cls(
            max_connections=most,
            max_per_address=min(settings.max_connections_per_address, most),
            header_seconds=settings.header_seconds,
            idle_seconds=settings.idle_seconds,
        )


def possible_open_files(wanted: int) -> int:
    """How many of ``wanted`` descriptors a process of this user may have after ``raise_open_files``."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return wanted if resource.RLIM_INFINITY in (soft, hard) else min(wanted, max(soft, hard))


def raise_open_files(wanted: int) -> int:
    """Raise the limit of open files of this process towards ``wanted`` descriptors; return how many it may have."""
    possible = possible_open_files(wanted)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < possible:
        resource.setrlimit(resource.RLIMIT_NOFILE, (possible, hard))
    return possible
