"""What publishing and scoring cost as a shop grows: seconds of the commands, and the memory of all their processes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from benchmarks.serving import log_fixture
from benchmarks.serving.online_stores import folder_bytes

TRAINED_CUSTOMERS = 10_000  # customers of the shop whose release scores all others
POLL_SECONDS = 0.05  # seconds


@dataclass(frozen=True, kw_only=True)
class ScaleResult:
    """One size's figures, from the start of a command to its end."""

    customers: int
    features: float  # seconds to compute the features of all cutoffs and to publish today's
    publish: float  # seconds to publish today's again
    publish_memory: float  # GiB, all processes at once
    bytes_per_customer: float  # of the online store, per customer
    score: float  # seconds, all cores
    score_memory: float  # GiB, all processes at once

    @property
    def customers_per_core_second(self) -> float:
        """Customers scored by each core in a second."""
        return self.customers / self.score / (os.cpu_count() or 1)


@dataclass(frozen=True)
class _Cost:
    seconds: float
    memory: float  # GiB


def measure_scales(work: Path, sizes: Sequence[int], report: Callable[[str], None]) -> list[ScaleResult]:
    """Figures at every size; the release is that of the smallest shop, trained once."""
    teacher = work / str(TRAINED_CUSTOMERS)
    if not (teacher / "home" / "releases" / "champion").is_file():
        log_fixture.write_shop(teacher, TRAINED_CUSTOMERS)
        _run_command("run", teacher)
    return [_measure_scale(work / str(size), size, teacher, report) for size in sizes]


def _measure_scale(folder: Path, customers: int, release_folder: Path, report: Callable[[str], None]) -> ScaleResult:
    if not (folder / "flywheel.toml").is_file():
        log_fixture.write_shop(folder, customers)
    _run_command("ingest", folder, pin_as_of=False)
    shutil.rmtree(folder / "home" / "features", ignore_errors=True)
    computed, published = _run_command("publish", folder), _run_command("publish", folder)
    if folder != release_folder:
        shutil.copytree(release_folder / "home" / "releases", folder / "home" / "releases", dirs_exist_ok=True)
    scored = _run_command("score", folder)
    report(f"{customers:,} customers: scored in {scored.seconds:.1f} s")
    return ScaleResult(
        customers=customers,
        features=computed.seconds,
        publish=published.seconds,
        publish_memory=published.memory,
        bytes_per_customer=folder_bytes(folder / "home" / "online") / customers,
        score=scored.seconds,
        score_memory=scored.memory,
    )


def _run_command(command: str, folder: Path, *, pin_as_of: bool = True) -> _Cost:
    """Run a command on a shop; what the system remembers as its peak would include that of whoever started it."""
    where = ["--config", str(folder / "flywheel.toml"), "--home", str(folder / "home")]
    as_of = ["--as-of", log_fixture.AS_OF.isoformat()] if pin_as_of else []
    begun, most = time.perf_counter(), 0
    running = psutil.Popen(
        [str(Path(sys.executable).parent / "flywheel"), command, *where, *as_of],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while running.poll() is None:
        most = max(most, _resident_bytes(running))
        time.sleep(POLL_SECONDS)
    if running.returncode:
        raise subprocess.CalledProcessError(running.returncode, command)
    return _Cost(time.perf_counter() - begun, most / 2**30)


def _resident_bytes(process: psutil.Process) -> int:
    """Resident bytes of a process and its children together."""
    total = 0
    with suppress(psutil.NoSuchProcess):
        for one in (process, *process.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                total += one.memory_info().rss
    return total
