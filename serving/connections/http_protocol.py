"""HTTP protocol of a connection: uvicorn's, with limits on headers, on time and on connections."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from serving.connections.connection_table import ConnectionTable
from serving.connections.limits import MAX_HEADER_BYTES, ConnectionLimits
from serving.connections.turned_away import TurnedAway
from serving.problems import DETAILS, Problem

_MAX_PIPELINED = 100  # requests of one connection that wait for the answers before theirs
_LINGER_SECONDS = 1.0  # to read the rest of a refused request, since unread bytes would break the answer off
_NOT_HTTP = "The request is no valid HTTP/1.1. Send it as RFC 9112 has it."


class TooManyPipelined(Exception):
    """A caller sends on without waiting for answers."""


class LimitedProtocol(HttpToolsProtocol):
    """HTTP protocol of one connection; uvicorn itself limits neither the headers nor the time until they are there.

    Pieces of at most ``MAX_HEADER_BYTES`` reach the parser, which would else copy a long header once for each piece.
    """

    def __init__(
        self,
        limits: ConnectionLimits,
        table: ConnectionTable,
        turned_away: TurnedAway,
        **options: Any,  # noqa: ANN401 - uvicorn's
    ) -> None:
        super().__init__(**options)
        self.timeout_keep_alive = limits.idle_seconds  # type: ignore[assignment] # call_later takes fractions
        self._limits = limits
        self._table = table
        self._turned_away = turned_away
        self._refusal: Problem | None = None
        self._ignores_input = False
        self._messages = 0
        self._in_headers = True
        self._message_complete = True
        self._header_bytes = 0
        self._body_bytes = 0
        self._framing_bytes = 0
        self._timer: asyncio.TimerHandle | None = None  # until the headers, or the rest of a body, must be there

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Admit the connection, or prepare the answer that turns it away."""
        super().connection_made(transport)
        try:
            self._refusal = self._table.admit(self, self._address)
        except ConnectionRefusedError:
            transport.abort()
            return
        self.timeout_keep_alive_task = self.loop.call_later(self._limits.idle_seconds, self.timeout_keep_alive_handler)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._table.remove(self)
        self._cancel_timer()
        super().connection_lost(exc)
        self._unset_keepalive_if_required()

    def give_way(self) -> None:
        """Close, because another connection needs the place; what the caller has not read yet is lost."""
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Pass the bytes of a request on to the parser, within the limits."""
        if self._refusal is not None and not self._ignores_input:
            self._refuse(self._refusal)
        offset = 0
        while offset < len(data) and not (self._ignores_input or self.transport.is_closing()):
            room = MAX_HEADER_BYTES - self._header_bytes if self._in_headers else MAX_HEADER_BYTES
            self._parse(data[offset : offset + room])
            offset += room

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's text
        """Refuse what is not HTTP."""
        self._refuse(Problem(400, _NOT_HTTP))

    def on_message_begin(self) -> None:
        """Begin to count the bytes of a request.

        Raises:
            TooManyPipelined: earlier requests of the connection are not answered yet; the parser stops.
        """
        if len(self.pipeline) >= _MAX_PIPELINED:
            self._turned_away.record("too_many_pipelined", self._address)
            raise TooManyPipelined
        super().on_message_begin()
        self._messages += 1
        self._in_headers, self._message_complete = True, False
        self._header_bytes = self._body_bytes = self._framing_bytes = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; trailers after a body are left out."""
        if self._in_headers:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Answer the request."""
        self._in_headers = False
        self._cancel_timer()
        self._table.stop_waiting(self)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Pass a part of the body on."""
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Expect the next request."""
        super().on_message_complete()
        self._in_headers, self._message_complete = True, True
        self._header_bytes = 0
        self._cancel_timer()

    def on_response_complete(self) -> None:
        """Wait for the next request, or for the rest of a body that nobody needs any more."""
        answers_next = bool(self.pipeline)
        super().on_response_complete()
        if self.transport.is_closing() or answers_next:
            return
        self._table.start_waiting(self)
        if not (self._message_complete or self._in_headers):
            self._set_timer(self._limits.idle_seconds, self.transport.close)

    @property
    def _address(self) -> str:
        return self.client[0] if self.client else ""

    def _parse(self, piece: bytes) -> None:
        in_headers, body_bytes = self._in_headers, self._body_bytes
        own_message = self._messages + self._message_complete  # the one to which the first byte belongs
        super().data_received(piece)
        if self._ignores_input or self.transport.is_closing():
            return
        if self._messages <= own_message and in_headers and self._in_headers:
            self._header_bytes += len(piece)
        elif self._messages == own_message and not in_headers:
            self._framing_bytes += len(piece) - (self._body_bytes - body_bytes)
        if self._header_bytes >= MAX_HEADER_BYTES or self._framing_bytes >= MAX_HEADER_BYTES + self._body_bytes:
            self._turned_away.record("headers_too_large", self._address)
            self._refuse(Problem(431, DETAILS[431]))
        elif self._in_headers and (self._header_bytes or not self._message_complete) and self._timer is None:
            self._set_timer(self._limits.header_seconds, self._refuse_slow_headers)

    def _refuse_slow_headers(self) -> None:
        self._turned_away.record("headers_too_slow", self._address)
        self._refuse(Problem(408, "The headers did not arrive in time. Send the request again, without a pause."))

    def _refuse(self, problem: Problem) -> None:
        """Answer with a problem and close; an answer that is under way is sent instead."""
        self._ignores_input = True
        self._cancel_timer()
        self._unset_keepalive_if_required()
        if self.pipeline:
            self.transport.abort()
        elif self._is_answering:
            self.cycle.keep_alive = False
        else:
            self._write(problem)

    @property
    def _is_answering(self) -> bool:
        """Whether the answer to a request that has arrived, or its beginning, is under way."""
        is_open = self.cycle is not None and not self.cycle.response_complete
        return is_open and (self.cycle.response_started or self._in_headers)

    def _write(self, problem: Problem) -> None:
        if self.cycle is not None:  # its body will not arrive any more
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        response = problem.response()
        headers = [*self.server_state.default_headers, *response.raw_headers, (b"connection", b"close")]
        lines = [b"%b: %b\r\n" % header for header in headers]
        self.transport.write(b"".join([STATUS_LINE[problem.status], *lines, b"\r\n", bytes(response.body)]))
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._set_timer(_LINGER_SECONDS, self.transport.abort)

    def _set_timer(self, seconds: float, action: Any) -> None:  # noqa: ANN401 - any callable without arguments
        self._cancel_timer()
        self._timer = self.loop.call_later(seconds, action)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
