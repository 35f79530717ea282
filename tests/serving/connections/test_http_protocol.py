"""HTTP protocol: what a caller may send before anything is known of it, on real sockets of a server without routes."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from serving.connections.connection_table import ConnectionTable
from serving.connections.http_protocol import LimitedProtocol
from serving.connections.limits import MAX_HEADER_BYTES, ConnectionLimits
from serving.connections.turned_away import TurnedAway
from serving.observability.clock import SystemClock
from serving.observability.json_logs import json_log

LIMITS = ConnectionLimits(max_connections=3, max_per_address=3, header_seconds=0.2, idle_seconds=0.2)
HEAD = b"POST /echo HTTP/1.1\r\nHost: localhost\r\n"
Dialogue = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the body and the number of headers; /deny answers 401 without reading the body."""
    request = Request(scope, receive)
    if scope["path"] == "/deny":
        await Response(status_code=401)(scope, receive, send)
        return
    body = await request.body()
    await Response(body, headers={"x-headers": str(len(request.headers.raw))})(scope, receive, send)


def talk(dialogue: Dialogue, *, more: int = 0) -> list[str]:
    """Hold a dialogue with a server over one connection, while ``more`` others wait; return who was turned away."""
    reasons: list[str] = []

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        turned_away = TurnedAway(json_log(SystemClock(), io.StringIO()), reasons.append, loop.time)
        config = uvicorn.Config(echo, ws="none", log_config=None, access_log=False)
        config.load()
        state = ServerState()
        create = partial(
            LimitedProtocol, LIMITS, ConnectionTable(LIMITS, turned_away), turned_away,
            config=config, server_state=state, app_state={}, _loop=loop,
        )  # fmt: skip
        async with await loop.create_server(create, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            others = [await asyncio.open_connection("127.0.0.1", port) for _ in range(more)]
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                async with asyncio.timeout(10):
                    await dialogue(reader, writer)
            finally:
                for _, other in [*others, (reader, writer)]:
                    other.close()
                    await asyncio.gather(other.wait_closed(), return_exceptions=True)
                while state.connections:  # noqa: ASYNC110 - uvicorn has no event for it
                    await asyncio.sleep(0.01)

    asyncio.run(serve())
    return reasons


async def read_status(reader: asyncio.StreamReader) -> int:
    """The status of the next answer, whose head and body are read."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(line for line in head.lower().splitlines() if line.startswith(b"content-length"))
    await reader.readexactly(int(length.split(b":")[1]))
    return int(head.split()[1])


@pytest.mark.parametrize(
    "flood",
    [
        b"".join(b"x-%d: %b\r\n" % (number, b"y" * 1000) for number in range(1000)),
        b"x: " + b"y" * 10**6,
        b"a:b\r\n" * 20_000,
        b"x" * 10**6,
    ],
    ids=["many", "one long value", "many short", "one long name"],
)
def test_headers_over_the_limit_are_refused(flood: bytes) -> None:
    async def dialogue(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + flood)
        assert await read_status(reader) == 431
        assert await reader.read() == b""

    assert talk(dialogue) == ["headers_too_large"]


def test_headers_below_the_limit_and_a_long_body_are_taken() -> None:
    async def dialogue(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        body = b"z" * 10**6
        for _ in range(2):
            head = HEAD + b"x: " + b"y" * (MAX_HEADER_BYTES - 200) + b"\r\nContent-Length: %d\r\n\r\n" % len(body)
            writer.write(head + body)
            assert await read_status(reader) == 200

    assert talk(dialogue) == []


def test_pipelined_requests_are_each_within_the_limit() -> None:
    async def dialogue(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = HEAD + b"x: " + b"y" * 7000 + b"\r\nContent-Length: 0\r\n\r\n"
        writer.write(request * 30)
        assert [await read_status(reader) for _ in range(30)] == [200] * 30

    assert talk(dialogue) == []


def test_a_connection_that_asks_on_without_reading_is_closed() -> None:
    async def dialogue(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write((HEAD + b"Content-Length: 0\r\n\r\n") * 1000)
        with suppress(ConnectionError):
            await reader.read()

    assert talk(dialogue) == ["too_many_pipelined"]


def test_a_connection_that_sends_nothing_is_closed() -> None:
    async def dialogue(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        assert await reader.read() == b""

    assert talk(dialogue) == []


def test_headers_that_drip_are_answered_408() -> None:
    async def dialogue(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answer = asyncio.create_task(read_status(reader))
        for byte in HEAD:
            writer.write(bytes([byte]))
            await asyncio.sleep(0.02)
            if answer.done():
                break
        assert await answer == 408

    assert talk(dialogue) == ["headers_too_slow"]


def test_a_body_that_nobody_needs_any_more_cannot_keep_the_connection() -> None:
    async def dialogue(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"POST /deny HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n")
        assert await read_status(reader) == 401
        for _ in range(200):
            if writer.transport.is_closing():
                break
            writer.write(b"z")
            await asyncio.sleep(0.02)
        assert reader.at_eof() or reader.exception() is not None

    talk(dialogue)


def test_trailers_are_neither_headers_nor_without_a_limit() -> None:
    async def dialogue(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        chunked = HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n"
        writer.write(chunked + b"x-late: 1\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"x-headers: 2" in head
        assert await reader.readexactly(3) == b"abc"
        writer.write(chunked + b"x-late: " + b"y" * 10**6)
        assert await read_status(reader) == 431

    assert talk(dialogue) == ["headers_too_large"]


@pytest.mark.parametrize("chunk", [b"zz\r\n", b"3\r\nabcd\r\n", b"-1\r\n", b"ffffffffffffffffff\r\n"])
def test_a_body_in_broken_chunks_is_a_problem_of_its_request(chunk: bytes) -> None:
    async def dialogue(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        await asyncio.sleep(0.01)
        writer.write(chunk)
        assert await read_status(reader) == 400
        assert await reader.read() == b""

    assert talk(dialogue) == []


def test_what_is_not_http_is_a_problem() -> None:
    async def dialogue(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\x16\x03\x01\x02\x00\x01\x00")
        answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 400")
        assert b"application/problem+json" in answer

    talk(dialogue)


def test_idle_connections_shut_nobody_out() -> None:
    async def dialogue(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"Content-Length: 0\r\n\r\n")
        assert await read_status(reader) == 200

    assert talk(dialogue, more=5) == ["gave_way"] * 3
