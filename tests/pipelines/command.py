"""Command fixture: runs the command line in its own process, forked from a server with all imports done."""

from __future__ import annotations

import importlib
import json
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.cli import main
from pipelines.home import Home

EMPTY_ENVIRONMENT: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class CommandResult:
    """Exit status and output of a finished command."""

    status: int  # negative: the signal that killed it
    out: str
    err: str

    @property
    def summary(self) -> dict[str, Any]:
        """The JSON document on stdout."""
        (line,) = self.out.splitlines()
        document: dict[str, Any] = json.loads(line)
        return document


@dataclass(frozen=True)
class KillPoint:
    """``kill -9`` at the n-th call of a function, after the call or before it."""

    target: str  # module:qualified.name
    call: int = 1
    after_call: bool = True

    def install(self) -> None:
        """Replace the function by one that kills the process."""
        module, _, path = self.target.partition(":")
        *owners, name = path.split(".")
        owner: Any = importlib.import_module(module)
        for attribute in owners:
            owner = getattr(owner, attribute)
        setattr(owner, name, self._trap(getattr(owner, name)))

    def _trap(self, function: Callable[..., Any]) -> Callable[..., Any]:
        calls = 0

        def trap(*args: object, **kwargs: object) -> object:
            nonlocal calls
            calls += 1
            if calls == self.call and not self.after_call:
                os.kill(os.getpid(), signal.SIGKILL)
            result = function(*args, **kwargs)
            if calls == self.call:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return trap


@dataclass(frozen=True)
class Command:
    """A running command."""

    process: ForkServerProcess
    output: Path

    @property
    def err(self) -> str:
        """What it has written to stderr so far."""
        path = self.output.with_suffix(".err")
        return path.read_text() if path.exists() else ""

    def wait(self, seconds: float = 240) -> CommandResult:
        """Wait for the end; return the result."""
        self.process.join(seconds)
        if self.process.exitcode is None:
            self.process.kill()
            raise TimeoutError(f"still running after {seconds} s")
        return CommandResult(self.process.exitcode, self.output.with_suffix(".out").read_text(), self.err)

    def kill(self) -> CommandResult:
        """Kill it with ``kill -9``; return the result."""
        self.process.kill()
        return self.wait()


@dataclass
class Flywheel:
    """Runs commands in its own folder."""

    folder: Path
    commands: list[Command] = field(default_factory=list)

    @property
    def home(self) -> Home:
        """The default home of the folder."""
        return Home(self.folder / ".flywheel")

    @property
    def scores(self) -> pa.Table:
        """The current scores table."""
        return pq.read_table(self.home.scores)

    @property
    def release(self) -> dict[str, Any]:
        """The champion's release.json."""
        champion = self.home.releases / str(self.home.champion())
        manifest: dict[str, Any] = json.loads((champion / "release.json").read_text())
        return manifest

    @property
    def promotions(self) -> list[dict[str, Any]]:
        """Every change of the champion, oldest first."""
        return [json.loads(line) for line in (self.home.folder / "promotions.jsonl").read_text().splitlines()]

    def __call__(
        self,
        *arguments: object,
        kill_point: KillPoint | None = None,
        environment: Mapping[str, str] = EMPTY_ENVIRONMENT,
    ) -> CommandResult:
        """Run a command to its end, with these environment variables."""
        return self.start(*arguments, kill_point=kill_point, environment=environment).wait()

    def start(
        self,
        *arguments: object,
        kill_point: KillPoint | None = None,
        environment: Mapping[str, str] = EMPTY_ENVIRONMENT,
    ) -> Command:
        """Start a command."""
        output = self.folder / f"output{len(self.commands)}"
        task = (tuple(map(str, arguments)), self.folder, dict(environment), output, kill_point)
        process = _fork_server().Process(target=_run_command, args=task)
        process.start()
        self.commands.append(Command(process, output))
        return self.commands[-1]


def _fork_server() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.pipelines.imports"])
    return context


def _run_command(
    arguments: tuple[str, ...], folder: Path, environment: Mapping[str, str], output: Path, kill_point: KillPoint | None
) -> None:
    for number, end in ((1, ".out"), (2, ".err")):
        os.dup2(os.open(output.with_suffix(end), os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    os.chdir(folder)
    for name in [variable for variable in os.environ if variable.startswith("FLYWHEEL_")]:
        del os.environ[name]
    os.environ.update(environment)
    if kill_point is not None:
        kill_point.install()
    sys.argv = ["flywheel", *arguments]
    main.main()
