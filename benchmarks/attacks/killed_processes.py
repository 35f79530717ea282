"""Killed processes: SIGKILL at random moments of commands and of the service under changes of consents."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

import httpx

from benchmarks.attacks.attack_home import NOW, AttackHome
from benchmarks.attacks.attack_service import AttackService, attack_service, customer_path, denial
from benchmarks.attacks.results import AttackResult
from features.consents.backends import open_ledger
from features.consents.ledger import ConsentStatus
from features.online.backends import LMDB
from serving.observability.audit_reader import AUDIT_FILE

GROUP = "Kills"
# What is removed before a command, so that it has its work to do.
COMMANDS: Mapping[str, Sequence[str]] = {
    "run": ["history/manifest.json", "features/published.json", "trained.json"],
    "publish": ["features/published.json"],
    "ingest": ["history/manifest.json"],
    "score": [],
    "forget": [],
    "promote": ["releases/champion"],
}
KILLS_PER_COMMAND = 2
SERVICE_KILLS = 4
_SERVICE_SECONDS = 2.0
_ENDED_WELL = (0, 3)  # 3: the gate decided, and everything else was done


def attack(home: AttackHome) -> Iterator[AttackResult]:
    """Kill the service four times, then each command twice, and run it again."""
    generator = random.Random(0)  # noqa: S311 - the same moments every time
    yield _kill_service(home, generator)
    for command in COMMANDS:
        yield _kill_command(home, command, generator)


def _kill_command(home: AttackHome, command: str, generator: random.Random) -> AttackResult:
    """Kill a command, then forget a customer and run it again: both must work, and the customer must stay away."""
    failed = kills = lost = 0
    with _copy_with_work(home, command) as copy:
        began = time.monotonic()
        failed += copy.run(command, *_arguments(command, copy.customers[-1]))[0] not in _ENDED_WELL
        seconds = time.monotonic() - began
    for customer_id in home.customers[:KILLS_PER_COMMAND]:
        with _copy_with_work(home, command) as copy:
            with copy.start(command, *_arguments(command, customer_id)) as process:
                time.sleep(generator.uniform(0.2, 0.95) * seconds)
                kills += process.poll() is None
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            failed += copy.run("forget", customer_id)[0] != 0
            failed += copy.run(command, *_arguments(command, customer_id))[0] not in _ENDED_WELL
            lost += open_ledger(copy.folder, LMDB).statuses([customer_id], NOW) != [ConsentStatus.ERASED]
            lost += len(list(copy.folder.rglob("*.tmp"))) + _torn_lines(copy.folder / AUDIT_FILE)
    return AttackResult(
        group=GROUP,
        attack=f"flywheel {command}, then forget and the command again",
        tries=KILLS_PER_COMMAND,
        kills=kills,
        lost=lost,
        server_errors=failed,
        note="a command that fails afterwards counts as a server error" if failed else "",
    )


@contextmanager
def _copy_with_work(home: AttackHome, command: str) -> Iterator[AttackHome]:
    with home.copy() as copy:
        for name in COMMANDS[command]:
            (copy.folder / name).unlink()
        yield copy


def _arguments(command: str, customer_id: str) -> list[str]:
    return [customer_id] if command == "forget" else ["--version", "1"] if command == "promote" else []


def _kill_service(home: AttackHome, generator: random.Random) -> AttackResult:
    """Kill the service while it takes denials; every acknowledged one must be in the ledger."""
    lost, acknowledged_in_all, torn = 0, 0, 0
    for _ in range(SERVICE_KILLS):
        with home.copy() as copy:
            acknowledged: list[str] = []
            with attack_service(copy) as service:
                writer = Thread(target=_deny_all, args=(service, copy.customers, acknowledged))
                writer.start()
                time.sleep(generator.uniform(0.2, _SERVICE_SECONDS))
                service.kill()
                writer.join()
            found = open_ledger(copy.folder, LMDB).statuses(acknowledged, NOW)
            lost += sum(status is not ConsentStatus.DENIED for status in found)
            torn += _torn_lines(copy.folder / AUDIT_FILE)
            lost += copy.run("audit verify")[0] != 0
            acknowledged_in_all += len(acknowledged)
    return AttackResult(
        group=GROUP,
        attack="the service, its supervisor and its workers, under PUTs of consents",
        tries=acknowledged_in_all,
        kills=SERVICE_KILLS,
        lost=lost + torn,
        note=f"{acknowledged_in_all} acknowledged denials",
    )


def _deny_all(service: AttackService, customer_ids: Sequence[str], acknowledged: list[str]) -> None:
    """Deny profiling for one customer after the other, until the service is gone."""
    with service.client("consent") as client, suppress(httpx.HTTPError):
        for customer_id in customer_ids:
            if client.put(customer_path(customer_id, "consents"), json=denial()).is_success:
                acknowledged.append(customer_id)  # noqa: PERF401 -- the service is killed within the loop


def _torn_lines(path: Path) -> int:
    """Lines of an audit log that are not whole, other than a last one that the next writer completes."""
    if not path.is_file():
        return 0
    *lines, _ = path.read_bytes().split(b"\n")
    return sum(not (line.startswith(b"{") and line.endswith(b"}")) for line in lines)
