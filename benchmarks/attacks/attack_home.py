"""Attack home: a small simulated shop with a champion, which every attack gets as a copy of its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pyarrow.parquet as pq

from benchmarks.serving.log_fixture import AS_OF, write_shop

CUSTOMERS = 400
NOW = 10**16  # microseconds since 1970 UTC, after all consents
COMMAND = (sys.executable, "-m", "pipelines.cli.main")
_READ_LOG = ("run", "ingest", "publish", "score")
_TIMEOUT_SECONDS = 300.0
_NUMBERS = count()


@dataclass(frozen=True)
class AttackHome:
    """A home, its flywheel.toml and its customers."""

    folder: Path
    config: Path
    customers: Sequence[str]

    @contextmanager
    def copy(self, parent: Path | None = None) -> Iterator[AttackHome]:
        """Yield a copy that the attack may ruin; it is removed afterwards."""
        target = (parent or self.folder.parent) / f"copy-{next(_NUMBERS)}"
        shutil.copytree(self.folder, target)
        try:
            yield AttackHome(target, self.config, self.customers)
        finally:
            shutil.rmtree(target, ignore_errors=True)

    def start(self, command: str, *arguments: str) -> subprocess.Popen[str]:
        """Start a command of the command line on this home, as of the end of its log."""
        options = ["--home", str(self.folder), "--json"]
        if command in _READ_LOG:
            options += ["--config", str(self.config)]
            options += ["--as-of", AS_OF.isoformat()] if command != "ingest" else []
        return subprocess.Popen(
            [*COMMAND, *command.split(), *arguments, *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, command: str, *arguments: str) -> tuple[int, str]:
        """Run a command to its end; returns its exit status and what it wrote to stderr."""
        with self.start(command, *arguments) as process:
            _, errors = process.communicate(timeout=_TIMEOUT_SECONDS)
        return process.returncode, errors


def prepare_home(work: Path, report: Callable[[str], None]) -> AttackHome:
    """The home below ``work``; trained if it is missing, which takes a minute or two."""
    config, folder = work / "shop" / "flywheel.toml", work / "home"
    if not config.is_file():
        write_shop(config.parent, CUSTOMERS)
    home = AttackHome(folder, config, ())
    if not (folder / "scores.parquet").is_file():
        report("training a small shop")
        status, errors = home.run("run")
        if status:
            raise RuntimeError(f"The shop of the attacks was not trained (exit status {status}): {errors}")
    customers = pq.read_table(folder / "scores.parquet", columns=["customer_id"])["customer_id"]
    return AttackHome(folder, config, sorted(set(customers.to_pylist())))
