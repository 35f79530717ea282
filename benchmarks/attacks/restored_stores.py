"""Restored stores: an older copy of the consents, a lost secret and another home's secret must never grant anything."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
from redis import Redis

from benchmarks.attacks.attack_home import AttackHome
from benchmarks.attacks.attack_service import attack_service, customer_path, denial, statuses
from benchmarks.attacks.results import AttackResult
from benchmarks.serving.servers import redis_server
from features.errors import NotFound

GROUP = "Restored stores"
CUSTOMERS = 10


def attack(home: AttackHome) -> Iterator[AttackResult]:
    """Put older copies back, and take the secret away."""
    yield _older_consents(home)
    yield _secret(home, "the secret is lost, then ingest, publish and score", lambda copy: _secret_path(copy).unlink())
    yield _secret(
        home, "another secret, then ingest, publish and score", lambda copy: _secret_path(copy).write_bytes(b"x" * 32)
    )
    yield _older_redis(home)


def _secret_path(home: AttackHome) -> Path:
    return home.folder / "secret"


def _older_consents(home: AttackHome) -> AttackResult:
    """Copy the consents, deny, put the copy back."""
    with home.copy() as copy:
        consents, older = copy.folder / "consents", copy.folder.parent / f"{copy.folder.name}-older"
        denied = copy.customers[:CUSTOMERS]
        with attack_service(copy) as service, service.client() as client:
            client.put(customer_path(copy.customers[-1], "consents"), json=denial()).raise_for_status()
        shutil.copytree(consents, older)
        with attack_service(copy) as service, service.client() as client:
            for name in denied:
                client.put(customer_path(name, "consents"), json=denial()).raise_for_status()
        shutil.rmtree(consents)
        older.rename(consents)
        answers = _statuses_after_restart(copy)
    return AttackResult(
        group=GROUP,
        attack="LMDB: an older copy of the consents",
        tries=len(denied),
        silently_wrong=sum(answers.get(name) == "scored" for name in denied),
        note=", ".join(sorted(set(answers.values()))) or "the service refuses to start",
    )


def _older_redis(home: AttackHome) -> AttackResult:
    """Dump the keys of the ledger from a Redis, deny, and put the dump back, as a restore or a late replica does."""
    with home.copy() as copy, redis_server(copy.folder.parent) as url:
        denied = copy.customers[:CUSTOMERS]
        with attack_service(copy, online_store=url) as service, service.client() as client:
            client.put(customer_path(copy.customers[-1], "consents"), json=denial()).raise_for_status()
            redis: Any = Redis.from_url(url)
            keys = redis.keys("flywheel:consents:*")
            dump = {key: redis.dump(key) for key in keys}
            for name in denied:
                client.put(customer_path(name, "consents"), json=denial()).raise_for_status()
            for key, value in dump.items():
                redis.restore(key, 0, value, replace=True)
            answers = statuses(client, denied)
    return AttackResult(
        group=GROUP,
        attack="Redis: an older copy of the consents, under a running service",
        tries=len(denied),
        silently_wrong=sum(status not in ("withheld_consent", "features_unavailable") for status in answers.values()),
        note=", ".join(sorted(set(answers.values()))),
    )


def _secret(home: AttackHome, name: str, change: Callable[[AttackHome], object]) -> AttackResult:
    """Forget, change the secret, and run the steps of the night."""
    with home.copy() as copy:
        erased = copy.customers[0]
        copy.run("forget", erased)
        change(copy)
        statuses_of_steps = [copy.run(step)[0] for step in ("ingest", "publish", "score")]
        answers = _statuses_after_restart(copy, [erased])
    return AttackResult(
        group=GROUP,
        attack=name,
        tries=len(statuses_of_steps) + 1,
        silently_wrong=sum(status == 0 for status in statuses_of_steps) + (answers.get(erased) == "scored"),
        note=", ".join(sorted(set(answers.values()))) or "the steps and the service refuse",
    )


def _statuses_after_restart(home: AttackHome, customers: list[str] | None = None) -> dict[str, str]:
    """The statuses that a new service answers; empty if it refuses to start or to answer."""
    try:
        with attack_service(home) as service, service.client() as client:
            return statuses(client, customers or home.customers[:CUSTOMERS])
    except (TimeoutError, httpx.HTTPError, NotFound):
        return {}
