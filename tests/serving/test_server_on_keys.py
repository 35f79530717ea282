"""Key reload in a running server: every worker follows created and revoked keys without a restart."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from serving.auth.key_store import KeyStore
from serving.auth.scopes import KeyScope
from serving.server import wait_until_ready
from tests.free_ports import free_port
from tests.serving import tiny
from tests.serving.server_process import TLS, start_server

pytestmark = pytest.mark.slow

MONDAY = datetime(2026, 11, 16, 9, tzinfo=UTC)
POLL = 0.05  # seconds, as test_server sets it


@pytest.fixture
def service(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    tiny.publish(tmp_path, ["ann"])
    tiny.promote(tmp_path, "1")
    port = free_port()
    with start_server(tmp_path, port, FLYWHEEL_WORKERS="2") as process:
        try:
            assert wait_until_ready(f"http://127.0.0.1:{port}")
            yield f"http://127.0.0.1:{port}/v1/customers/ann/predictions", tmp_path
        finally:
            process.terminate()


def statuses(url: str, key: str = "") -> set[int]:
    """The statuses of 30 connections, so that both workers answer, after each has reloaded the keys."""
    time.sleep(2 * POLL)
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return {httpx.get(url, headers=headers, verify=TLS).status_code for _ in range(30)}


def test_every_worker_follows_the_keys(service: tuple[str, Path]) -> None:
    url, home = service
    key_store = KeyStore.for_home(home)
    assert statuses(url) == {200}
    old, old_record = key_store.create("mail", [KeyScope.PREDICT], MONDAY)
    assert (statuses(url), statuses(url, old)) == ({401}, {200})
    new, _ = key_store.create("mail", [KeyScope.PREDICT], MONDAY)
    assert (statuses(url, old), statuses(url, new)) == ({200}, {200})
    key_store.revoke(old_record.id, MONDAY)
    # One worker may have got so many of the tries that it takes them for guesses.
    refused = statuses(url, old)
    assert 401 in refused
    assert refused <= {401, 429}
    assert statuses(url, new) == {200}
    narrow, _ = key_store.create("till", [KeyScope.CONSENT], MONDAY)
    assert statuses(url, narrow) == {403}


def test_who_guesses_has_no_other_address_for_each_guess(service: tuple[str, Path]) -> None:
    url, home = service
    KeyStore.for_home(home).create("mail", [KeyScope.PREDICT], MONDAY)
    time.sleep(2 * POLL)
    forwarded = [{"X-API-Key": "guess", "X-Forwarded-For": f"192.0.2.{guess}"} for guess in range(50)]
    assert {httpx.get(url, headers=headers, verify=TLS).status_code for headers in forwarded} == {401, 429}
