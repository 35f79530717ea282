"""Failed attempts: an address that guesses keys is refused, and a right key behind the same proxy is not."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from serving.app import create_app
from serving.auth.api_keys import ENVIRONMENT, ApiKeys, Caller
from serving.auth.failed_attempts import MAX_FAILURES_PER_MINUTE, FailedAttempts
from serving.auth.key_reload import KeyReloader
from serving.auth.key_store import KeyStore
from serving.auth.scopes import KeyScope
from serving.problems import Problem
from tests.serving.fakes import FakeRelease, Shop

CHOSEN = Caller(ENVIRONMENT, (KeyScope.ADMIN,), ENVIRONMENT)
RANDOM = Caller("mail/0000aaaa", (KeyScope.PREDICT,), "0000aaaa")


async def status(attempt: Coroutine[object, object, None]) -> int:
    try:
        await attempt
    except Problem as problem:
        return problem.status
    return 200


@pytest.mark.parametrize(
    ("guesser", "caller", "address", "expected"),
    [
        ("192.0.2.1", CHOSEN, "192.0.2.1", 429),
        ("192.0.2.1", RANDOM, "192.0.2.1", 200),
        ("192.0.2.1", CHOSEN, "192.0.2.2", 200),
        ("2001:db8::1", CHOSEN, "2001:db8::2", 429),
        ("2001:db8::1", CHOSEN, "2001:db8:0:1::2", 200),
    ],
)
def test_only_a_key_that_could_be_guessed_suffers_from_its_neighbours(
    guesser: str, caller: Caller, address: str, expected: int
) -> None:
    async def attempts() -> list[int]:
        failed = FailedAttempts(per_minute=3)
        wrong = [await status(failed.count(guesser)) for _ in range(4)]
        return [*wrong, await status(failed.accept(address, caller))]

    assert asyncio.run(attempts()) == [200, 200, 200, 429, expected]


def test_a_caller_who_was_accepted_before_is_accepted_still() -> None:
    async def attempts() -> int:
        failed = FailedAttempts(per_minute=1)
        await failed.accept("192.0.2.1", CHOSEN)
        await failed.count("192.0.2.1")
        return await status(failed.accept("192.0.2.1", CHOSEN))

    assert asyncio.run(attempts()) == 200


def test_who_guesses_is_told_to_wait_and_learns_nothing_of_the_chosen_key(tmp_path: Path) -> None:
    store = KeyStore.for_home(tmp_path)
    random_key, _ = store.create("mail", [KeyScope.PREDICT], datetime(2026, 11, 16, tzinfo=UTC))
    shop = Shop.of(FakeRelease())
    keys = ApiKeys([SecretStr("chosen by a person")], KeyReloader(store, shop.worker.log))
    with TestClient(create_app(lambda: replace(shop.worker, api_keys=keys))) as client:
        for _ in range(MAX_FAILURES_PER_MINUTE):
            assert client.get("/v1/models", headers={"X-API-Key": "guess"}).status_code == 401
        refused = client.get("/v1/models", headers={"X-API-Key": "guess"})
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert refused.json()["detail"].startswith("Found more than 20 wrong API keys in a minute from this address.")
        assert client.get("/v1/models", headers={"X-API-Key": "chosen by a person"}).status_code == 429
        assert client.get("/v1/models", headers={"X-API-Key": random_key}).status_code == 200
        assert client.get("/v1/models").status_code == 401
