"""Attack service: `flywheel serve` on a copy of the home, with one key of each kind, on loopback."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Any

import httpx

from benchmarks.attacks.attack_home import COMMAND, AttackHome
from benchmarks.serving.log_fixture import AS_OF
from benchmarks.serving.servers import free_port
from serving.auth.key_store import KeyStore
from serving.auth.scopes import KeyScope

_START_SECONDS = 60.0
_STOP_SECONDS = 20.0
REQUEST_SECONDS = 30.0


@dataclass(frozen=True)
class AttackService:
    """A running service; ``keys`` are one for each scope, by its name."""

    url: str
    keys: Mapping[str, str]
    process: subprocess.Popen[bytes]

    def client(self, key: str = "admin") -> httpx.Client:
        """A client with one of the keys."""
        headers = {"Authorization": f"Bearer {self.keys[key]}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=REQUEST_SECONDS)

    def kill(self) -> None:
        """End the service with SIGKILL, and its workers with it."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(_STOP_SECONDS)


@contextmanager
def attack_service(home: AttackHome, **settings: str) -> Iterator[AttackService]:
    """Serve a home until the block ends; yields as soon as it answers, ready or not."""
    keys = _create_keys(home.folder)
    port = free_port()
    environment = {
        **os.environ,
        "FLYWHEEL_AS_OF": f"{AS_OF}T00:00:00Z",
        "FLYWHEEL_RATE_LIMIT": "0",
        "FLYWHEEL_QUOTA": "0",
        **{f"FLYWHEEL_{name.upper()}": value for name, value in settings.items()},
    }
    command = [*COMMAND, "serve", "--home", str(home.folder), "--port", str(port)]
    with (home.folder.parent / "service.log").open("ab") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_it_answers(url, process)
        yield AttackService(url, keys, process)
    finally:
        _stop(process)


def customer_path(customer_id: str, resource: str) -> str:
    """The path of a resource of a customer."""
    return f"/v1/customers/{customer_id}/{resource}"


def denial(purpose: str = "profiling") -> dict[str, Any]:
    """The body of a PUT that denies a purpose."""
    return {"consents": [{"purpose": purpose, "granted": False}]}


def statuses(client: httpx.Client, customer_ids: Sequence[str]) -> dict[str, str]:
    """The status of the prediction of each customer."""
    response = client.post("/v1/predictions", json={"customer_ids": list(customer_ids)})
    response.raise_for_status()
    return {row["customer_id"]: row["status"] for row in response.json()["predictions"]}


def _create_keys(home: Path) -> dict[str, str]:
    """A key for each scope; a home that is served again gets further ones, for other clients."""
    store, now = KeyStore.for_home(home), datetime.now(UTC)
    service = token_hex(4)
    return {scope.value: store.create(f"attack-{service}-{scope.value}", [scope], now)[0] for scope in KeyScope}


def _wait_until_it_answers(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(httpx.HTTPError):
            response = httpx.get(f"{url}/readyz", timeout=2)
            if response.status_code == httpx.codes.OK or "no release" not in response.text.lower():
                return
        time.sleep(0.1)
    raise TimeoutError(f"The service at {url} does not answer (exit status {process.poll()}).")


def _stop(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
