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

LEARNED_FROM = 10_000  # customers of the shop whose release scores all others
LOOK_EVERY = 0.05  # seconds


@dataclass(frozen=True, kw_only=True)
class Scale:
    """One size's figures, from the start of a command to its end."""

    customers: int
    features: float  # seconds to compute the features of all cutoffs and to publish today's
    publish: float  # seconds to publish today's again
    publish_memory: float  # GiB, all processes at once
    bytes_each: float  # of the online store, per customer
    score: float  # seconds, all cores
    score_memory: float  # GiB, all processes at once

    @property
    def each_core(self) -> float:
        """Customers scored by each core in a second."""
        return self.customers / self.score / (os.cpu_count() or 1)


@dataclass(frozen=True)
class _Cost:
    seconds: float
    memory: float  # GiB


def scales(work: Path, sizes: Sequence[int], say: Callable[[str], None]) -> list[Scale]:
    """Figures at every size; the release is that of the smallest shop, trained once."""
    teacher = work / str(LEARNED_FROM)
    if not (teacher / "home" / "releases" / "champion").is_file():
        log_fixture.write_shop(teacher, LEARNED_FROM)
        _flywheel("run", teacher)
    return [_scale(work / str(size), size, teacher, say) for size in sizes]


def _scale(folder: Path, customers: int, teacher: Path, say: Callable[[str], None]) -> Scale:
    if not (folder / "flywheel.toml").is_file():
        log_fixture.write_shop(folder, customers)
    _flywheel("ingest", folder, day=False)
    shutil.rmtree(folder / "home" / "features", ignore_errors=True)
    computed, published = _flywheel("publish", folder), _flywheel("publish", folder)
    if folder != teacher:
        shutil.copytree(teacher / "home" / "releases", folder / "home" / "releases", dirs_exist_ok=True)
    scored = _flywheel("score", folder)
    say(f"{customers:,} customers: scored in {scored.seconds:.1f} s")
    return Scale(
        customers=customers,
        features=computed.seconds,
        publish=published.seconds,
        publish_memory=published.memory,
        bytes_each=folder_bytes(folder / "home" / "online") / customers,
        score=scored.seconds,
        score_memory=scored.memory,
    )


def _flywheel(command: str, folder: Path, *, day: bool = True) -> _Cost:
    """Run a command on a shop; what the system remembers as its peak would include that of whoever started it."""
    where = ["--config", str(folder / "flywheel.toml"), "--home", str(folder / "home")]
    as_of = ["--as-of", log_fixture.AS_OF.isoformat()] if day else []
    begun, most = time.perf_counter(), 0
    running = psutil.Popen(
        [str(Path(sys.executable).parent / "flywheel"), command, *where, *as_of],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while running.poll() is None:
        most = max(most, _resident(running))
        time.sleep(LOOK_EVERY)
    if running.returncode:
        raise subprocess.CalledProcessError(running.returncode, command)
    return _Cost(time.perf_counter() - begun, most / 2**30)


def _resident(process: psutil.Process) -> int:
    """Resident bytes of a process and its children together."""
    total = 0
    with suppress(psutil.NoSuchProcess):
        for one in (process, *process.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                total += one.memory_info().rss
    return total
