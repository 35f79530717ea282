"""Batch scaling: seconds and memory of publishing and scoring as the number of customers grows."""

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

import psutil

from benchmarks.serving import log_fixture
from benchmarks.serving.online_stores import folder_bytes

TRAINED_CUSTOMERS = 10_000  # customers of the shop that trains the release for all sizes
POLL_SECONDS = 0.05


@dataclass(frozen=True, kw_only=True)
class ScaleResult:
    """Figures at one number of customers, for whole commands."""

    customers: int
    features: float  # seconds to compute the features of all cutoffs and to publish today's
    publish: float  # seconds to publish today's again
    publish_memory: float  # GiB, all processes at once
    bytes_per_customer: float  # of the online store
    score: float  # seconds, all cores
    score_memory: float  # GiB, all processes at once

    @property
    def customers_per_core_second(self) -> float:
        """Customers scored per core and second."""
        return self.customers / self.score / (os.cpu_count() or 1)


@dataclass(frozen=True)
class _Cost:
    seconds: float
    memory: float  # GiB


def measure_scales(work: Path, sizes: Sequence[int], report: Callable[[str], None]) -> list[ScaleResult]:
    """Measure every size; all use the release of the smallest shop, which is trained once."""
    trained_folder = work / str(TRAINED_CUSTOMERS)
    if not (trained_folder / "home" / "releases" / "champion").is_file():
        log_fixture.write_shop(trained_folder, TRAINED_CUSTOMERS)
        _run_command("run", trained_folder)
    return [_measure_scale(work / str(size), size, trained_folder, report) for size in sizes]


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
    """Run a command and poll its time and memory; the system's peak counter would include the caller's memory."""
    options = ["--config", str(folder / "flywheel.toml"), "--home", str(folder / "home")]
    as_of = ["--as-of", log_fixture.AS_OF.isoformat()] if pin_as_of else []
    started_at, peak_bytes = time.perf_counter(), 0
    process = psutil.Popen(
        [str(Path(sys.executable).parent / "flywheel"), command, *options, *as_of],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while process.poll() is None:
        peak_bytes = max(peak_bytes, _resident_bytes(process))
        time.sleep(POLL_SECONDS)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return _Cost(time.perf_counter() - started_at, peak_bytes / 2**30)


def _resident_bytes(process: psutil.Process) -> int:
    """Return the resident bytes of a process and its children together."""
    total = 0
    with suppress(psutil.NoSuchProcess):
        for member in (process, *process.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                total += member.memory_info().rss
    return total
