"""Floods: many large requests at once, headers without end and connections that say nothing."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from urllib.parse import urlsplit

import httpx
import numpy as np

from benchmarks.attacks.attack_home import AttackHome
from benchmarks.attacks.attack_service import AttackService, attack_service
from benchmarks.attacks.results import AttackResult
from benchmarks.serving.soak import worker_memory

GROUP = "Floods"
CONNECTIONS, CUSTOMERS = 64, 1000
IDLE_CONNECTIONS = 300
HEADER_BYTES = 100 * 2**20
_PROBE_SECONDS = 0.05
_FLOOD_SECONDS = 30.0
_MAX_GROWTH = 20.0  # MiB of memory


def attack(home: AttackHome) -> Iterator[AttackResult]:
    """Flood a service, and ask /livez meanwhile."""
    with home.copy() as copy, attack_service(copy) as service:
        yield _large_requests(service, copy)
        yield _endless_header(service)
        yield _idle_connections(service)


def _large_requests(service: AttackService, home: AttackHome) -> AttackResult:
    customers = [home.customers[i % len(home.customers)] for i in range(CUSTOMERS)]

    def ask(_: int) -> int:
        with service.client("predict") as client:
            try:
                return client.post("/v1/predictions", json={"customer_ids": customers}).status_code
            except httpx.HTTPError:
                return 0

    waits = []
    with ThreadPoolExecutor(CONNECTIONS) as pool, httpx.Client(base_url=service.url, timeout=_FLOOD_SECONDS) as probe:
        answers = [pool.submit(ask, number) for number in range(CONNECTIONS)]
        while not all(answer.done() for answer in answers):
            began = time.monotonic()
            probe.get("/livez")
            waits.append(time.monotonic() - began)
            time.sleep(_PROBE_SECONDS)
    found = [answer.result() for answer in answers]
    return AttackResult(
        group=GROUP,
        attack=f"{CONNECTIONS} connections x {CUSTOMERS:,} customers",
        tries=CONNECTIONS,
        server_errors=sum(status in (0, 500) for status in found),
        note=f"{found.count(200)} answered, {found.count(429) + found.count(503)} told to come again; /livez "
        f"{1000 * float(np.median(waits)):.0f} ms, at most {1000 * max(waits):.0f} ms, the attack on the same cores",
    )


def _endless_header(service: AttackService) -> AttackResult:
    address, taken = urlsplit(service.url), 0
    before = worker_memory(service.url)
    with (
        suppress(OSError),
        socket.create_connection((address.hostname, address.port), timeout=_FLOOD_SECONDS) as connection,
    ):
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX: ")
        while taken < HEADER_BYTES:
            taken += connection.send(b"a" * 65536)
    growth = worker_memory(service.url) - before
    alive = httpx.get(f"{service.url}/livez", timeout=_FLOOD_SECONDS).status_code
    return AttackResult(
        group=GROUP,
        attack="a header without end, before a key is asked for",
        tries=1,
        server_errors=int(alive != httpx.codes.OK),
        lost=int(growth > _MAX_GROWTH),
        note=f"{taken / 2**20:,.0f} MiB sent, the memory of the worker grew by {growth:.0f} MiB",
    )


def _idle_connections(service: AttackService) -> AttackResult:
    address = urlsplit(service.url)
    with ExitStack() as stack:
        for _ in range(IDLE_CONNECTIONS):
            with suppress(OSError):
                stack.enter_context(socket.create_connection((address.hostname, address.port), timeout=1))
        time.sleep(1)
        try:
            status = httpx.get(f"{service.url}/livez", timeout=_FLOOD_SECONDS).status_code
        except httpx.HTTPError:
            status = 0
    return AttackResult(
        group=GROUP,
        attack=f"{IDLE_CONNECTIONS} connections that say nothing, then a request",
        tries=IDLE_CONNECTIONS,
        server_errors=int(status != httpx.codes.OK),
    )
