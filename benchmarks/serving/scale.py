"""What publishing and scoring cost as a shop grows: seconds, and the memory of the process and its children."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.serving import shop
from benchmarks.serving.stores import folder_bytes
from features.description import read_description
from features.history import Cutoff
from pipelines import ingest, promote, publish, score, train
from pipelines.home import Home
from pipelines.job import Job
from pipelines.screen import keep_warnings_off_the_screen

LEARNED_FROM = 10_000  # customers of the shop whose release scores all others


@dataclass(frozen=True, kw_only=True)
class Scale:
    """One size's figures, each command in a process of its own."""

    customers: int
    tables: float  # seconds to compute the features of all cutoffs
    materialize: float  # seconds to publish today's to the online store
    materialize_memory: float  # GiB, the largest process
    bytes_each: float  # of the online store, per customer
    score: float  # seconds, all cores
    score_memory: float  # GiB, the largest process times as many as there were

    @property
    def each_core(self) -> float:
        """Customers scored by each core in a second."""
        return self.customers / self.score / (os.cpu_count() or 1)


def scales(work: Path, sizes: Sequence[int], say: Callable[[str], None]) -> list[Scale]:
    """Figures at every size; the release is that of the smallest shop, trained once."""
    _in_a_process("learn", work / str(LEARNED_FROM), LEARNED_FROM, work)
    found = []
    for size in sizes:
        folder = work / str(size)
        steps = {name: _in_a_process(name, folder, size, work) for name in ("tables", "materialize", "score")}
        found.append(
            Scale(
                customers=size,
                tables=steps["tables"].seconds,
                materialize=steps["materialize"].seconds,
                materialize_memory=steps["materialize"].memory,
                bytes_each=folder_bytes(folder / "home" / "online") / size,
                score=steps["score"].seconds,
                score_memory=steps["score"].memory,
            )
        )
        say(f"{size:,} customers: scored in {steps['score'].seconds:.1f} s")
    return found


@dataclass(frozen=True)
class _Step:
    seconds: float
    memory: float  # GiB


def _in_a_process(step: str, folder: Path, customers: int, work: Path) -> _Step:
    command = [sys.executable, "-m", "benchmarks.serving.scale", step, str(folder), str(customers), str(work)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return _Step(**json.loads(done.stdout.splitlines()[-1]))


def _main(step: str, folder: Path, customers: int, work: Path) -> _Step:
    keep_warnings_off_the_screen()
    description = folder / "flywheel.toml"
    if not description.is_file():
        shop.write_shop(folder, customers)
    said, home = read_description(description), Home(folder / "home")
    if step in {"learn", "tables"}:
        ingest.run(said, home, _quiet)
    if step == "score":
        if home.champion() is None:
            shutil.copytree(work / str(LEARNED_FROM) / "home" / "releases", home.releases, dirs_exist_ok=True)
        cutoff = Cutoff.of(shop.AS_OF, said.zone)
        return _measured(lambda: score.run(home, cutoff, _quiet))
    job = Job(said, home, shop.AS_OF, _quiet)
    if step == "learn" and home.champion() is None:
        publish.run(job)
        promote.run(home, datetime.now(UTC), _quiet, version=train.run(job))
    return _measured(lambda: publish.tables(job) if step == "tables" else publish.run(job))


def _measured(do: Callable[[], object]) -> _Step:
    begun = time.perf_counter()
    do()
    seconds = time.perf_counter() - begun
    own, child = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    # A child's peak is the largest child's; there is one for each core.
    return _Step(seconds, (own + child * (os.cpu_count() or 1)) / 2**20)


def _quiet(_: str) -> None:
    """Progress that nobody watches."""


if __name__ == "__main__":
    print(json.dumps(asdict(_main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])))))  # noqa: T201
