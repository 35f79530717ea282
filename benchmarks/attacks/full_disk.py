"""Full disk: a home on a small tmpfs that is filled to the last block; revocations and erasures must still work."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from benchmarks.attacks.attack_home import AttackHome
from benchmarks.attacks.attack_service import attack_service, customer_path, denial, statuses
from benchmarks.attacks.results import AttackResult

GROUP = "Full disk"
_SPARE_BYTES = 60 * 2**20  # beyond the files of the home
_CHUNK = 2**20
DENIALS, ERASURES = 12, 4


class CannotMount(Exception):
    """This user, or this machine, allows no mount."""


def attack(home: AttackHome) -> Iterator[AttackResult]:
    """Fill the disk under a service, then deny, erase, create and ask.

    Raises:
        CannotMount: no tmpfs can be mounted here.
    """
    size = sum(path.stat().st_size for path in home.folder.rglob("*") if path.is_file()) + _SPARE_BYTES
    with _tmpfs(size) as disk, home.copy(disk) as copy:
        with attack_service(copy) as service, service.client() as client:
            _wait_for(copy.folder / "reserve")
            _fill(disk / "ballast")
            denied, erased = copy.customers[:DENIALS], copy.customers[DENIALS : DENIALS + ERASURES]
            puts = [client.put(customer_path(name, "consents"), json=denial()) for name in denied]
            deletes = [client.delete(f"/v1/customers/{name}") for name in erased]
            audiences = [client.post("/v1/audiences", json={}) for _ in range(3)]
            degraded = client.get("/readyz").json().get("reason")
            found = statuses(client, [*denied, *erased])
        taken = [name for name, response in zip(denied, puts, strict=True) if response.is_success]
        gone = [name for name, response in zip(erased, deletes, strict=True) if response.is_success]
        responses = [*puts, *deletes, *audiences]
        refused = DENIALS + ERASURES - len(taken) - len(gone)
        yield AttackResult(
            group=GROUP,
            attack="no block free: denials, erasures, kept audiences, predictions",
            tries=len(responses) + len(found),
            server_errors=sum(response.status_code == httpx.codes.INTERNAL_SERVER_ERROR for response in responses),
            lost=refused,
            silently_wrong=sum(found[name] not in ("withheld_consent", "unknown_customer") for name in [*taken, *gone]),
            note=f"{len(taken)} of {DENIALS} denials, {len(gone)} of {ERASURES} erasures stored; /readyz: {degraded}",
        )


@contextmanager
def _tmpfs(size: int) -> Iterator[Path]:
    with TemporaryDirectory(prefix="flywheel-disk-") as folder:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", folder]
        if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
            raise CannotMount("no tmpfs can be mounted by this user")
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)


def _fill(path: Path) -> None:
    """Write until not one more byte fits."""
    with path.open("wb", buffering=0) as file:
        for chunk in (_CHUNK, 4096, 1):
            try:
                while file.write(b"\0" * chunk):
                    pass
            except OSError:
                continue


def _wait_for(path: Path, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
