"""Loop shop: the demo's shop in a folder of its own, with a command line and a service whose clock can be set."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from starlette.testclient import TestClient

from features.calendar import micros
from pipelines.demo.complete_journey import write_tables
from pipelines.home import Home
from serving.api.app_state import AppState
from serving.app import create_app
from serving.settings import Settings

EXAMPLE = Path(__file__).parents[2] / "pipelines" / "examples" / "complete-journey.toml"
ZONE = ZoneInfo("America/New_York")
OPENING = time(9)  # when campaign systems ask, local


@dataclass
class SetClock:
    """A clock that shows what it was set to."""

    moment: datetime

    def now(self, zone: ZoneInfo) -> int:  # noqa: ARG002 - the moment has a zone
        """Microseconds since 1970 UTC."""
        return micros(self.moment)


@dataclass(frozen=True)
class LoopShop:
    """The shop of the walk."""

    folder: Path
    clock: SetClock = field(default_factory=lambda: SetClock(datetime.now(ZONE)))

    @property
    def home(self) -> Home:
        """Its home."""
        return Home(self.folder / ".flywheel")

    @property
    def orders(self) -> Path:
        """The raw orders."""
        return self.folder / "orders.parquet"

    def write_log(self) -> None:
        """Write the demo's log and configuration."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write_tables(self.folder)
        (self.folder / "flywheel.toml").write_text(EXAMPLE.read_text())

    def opening(self, day: date) -> datetime:
        """The moment of a day at which the shop's systems ask."""
        return datetime.combine(day, OPENING, ZONE)

    def command(self, *arguments: str, statuses: tuple[int, ...] = (0,)) -> str:
        """Run a command; return what it prints on stdout.

        Raises:
            RuntimeError: it ends with another status than these.
        """
        environment = {name: value for name, value in os.environ.items() if not name.startswith("FLYWHEEL_")}
        done = subprocess.run(  # noqa: S603 -- our own command line
            [sys.executable, "-m", "pipelines.cli.main", *arguments],
            cwd=self.folder,
            env={**environment, "COLUMNS": "110", "PYTHONPATH": str(EXAMPLE.parents[2])},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode not in statuses:
            raise RuntimeError(f"flywheel {' '.join(arguments)} ended with {done.returncode}: {done.stderr[-2000:]}")
        return done.stdout

    @contextmanager
    def service(self, day: date) -> Iterator[TestClient]:
        """The service on a day, in this process; its clocks stand at the opening of the shop."""
        self.clock.moment = self.opening(day)
        settings = Settings(home=self.home.folder, as_of=self.clock.moment)
        app = create_app(lambda: replace(AppState.open(settings), machine_clock=self.clock))
        with TestClient(app, base_url="http://localhost") as client:
            yield client


def ask(client: TestClient, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Send a request; return the JSON of its answer.

    Raises:
        RuntimeError: the service refuses it.
    """
    response = client.request(method, path, json=body)
    if response.is_error:
        raise RuntimeError(f"{method} {path} answered {response.status_code}: {response.text[:500]}")
    answer: dict[str, Any] = response.json()
    return answer
