"""Connection draining: a stopping server answers every connection that the machine has taken.

A connection is accepted by the machine before the server sees it; closing the socket meanwhile would reset it.
"""

from __future__ import annotations

import asyncio
import ctypes
import select
import socket
import struct
import sys
from collections.abc import Callable, Sequence

import uvicorn

from serving.connections.connection_table import ConnectionTable

_POLL_SECONDS = 0.01
_BACKLOG_SECONDS = 1.0  # at most, until every accepted connection has reached a worker
_FIRST_REQUEST_SECONDS = 0.5  # at most, until the request of a new connection is there
_SO_ATTACH_FILTER = 26  # from <asm/socket.h>
# Classic BPF on the TCP header, whose byte 13 has the flags: drop a SYN without ACK, and let everything else pass.
_DROP_NEW_CONNECTIONS = (
    (0x30, 0, 0, 13),  # load byte 13
    (0x54, 0, 0, 0x12),  # and with SYN | ACK
    (0x15, 0, 1, 0x02),  # SYN alone: the next line, else the one after it
    (0x06, 0, 0, 0),  # drop
    (0x06, 0, 0, 0xFFFFFFFF),  # pass
)


class DrainingServer(uvicorn.Server):
    """Draining server: uvicorn's, which resets the connections that it has not accepted yet when it stops."""

    def __init__(self, config: uvicorn.Config, table: ConnectionTable, service_stops: Callable[[], bool]) -> None:
        """``service_stops`` says whether the other workers stop too; else they take the waiting connections."""
        super().__init__(config)
        self._table = table
        self._service_stops = service_stops

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer the connections that were accepted, then stop as uvicorn does."""
        if self._service_stops():
            for listener in sockets or ():
                drop_new_connections(listener)
            await _wait_while(lambda: has_backlog(sockets or ()), _BACKLOG_SECONDS)
        await _wait_while(lambda: self._table.fresh > 0, _FIRST_REQUEST_SECONDS)
        await super().shutdown(sockets)


def has_backlog(listeners: Sequence[socket.socket]) -> bool:
    """Whether a connection waits to be accepted."""
    return bool(select.select(listeners, [], [], 0)[0])


def drop_new_connections(listener: socket.socket) -> None:
    """Let the machine take no more connections on a socket, where it can; callers meet a refusal once it is closed."""
    if sys.platform != "linux":
        return
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in _DROP_NEW_CONNECTIONS))
    descriptor = struct.pack("HP", len(_DROP_NEW_CONNECTIONS), ctypes.addressof(program))
    listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, descriptor)


async def _wait_while(condition: Callable[[], bool], seconds: float) -> None:
    for _ in range(round(seconds / _POLL_SECONDS)):
        if not condition():
            return
        await asyncio.sleep(_POLL_SECONDS)
