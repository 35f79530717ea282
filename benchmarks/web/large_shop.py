"""Large shop: views, updates, and predictions beside people, in milliseconds, against one running service."""

from __future__ import annotations

import shutil
import statistics
import time
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from benchmarks.serving.__main__ import request_body
from benchmarks.serving.home_fixture import HomeFixture
from benchmarks.serving.load_generator import run_load
from benchmarks.web.slider_load import BUILDER, milliseconds_of, read_page, start_people, update, value_column

TODAY = "/app/"
PEOPLE, PREDICTING, PAUSE_MILLISECONDS = 10, 2, 50  # a third of what one worker can predict
REPEATS, UPDATES, NEW_HOLDOUTS = 3, 20, 5
NOTICED_SECONDS = 5  # after which each worker has noticed a new table, and read what it needs


@dataclass(frozen=True)
class LargeShop:
    """A home with many customers, and the service that answers for it."""

    home: HomeFixture
    url: str  # of the predictions
    scratch: Path

    def views(self) -> tuple[float, float, float, float]:
        """Today in a fresh service, after a new table at once and some seconds later, and a next view."""
        fresh = self._view(TODAY)
        at_once, noticed, following = list[float](), list[float](), list[float]()
        for _ in range(REPEATS):
            self._replace_table()
            at_once.append(self._view(TODAY))
            self._replace_table()
            time.sleep(NOTICED_SECONDS)
            noticed.append(self._view(TODAY))
            following.append(self._view(TODAY))
        return fresh, statistics.median(at_once), statistics.median(noticed), statistics.median(following)

    def updates(self) -> tuple[float, float]:
        """An update of the sliders, and the first one with a new hold-out name; the first ones are not counted."""
        connection = HTTPConnection(self._address, timeout=60)
        column = value_column(read_page(connection, BUILDER)[1])
        times = [update(connection, column, number % 25 / 25, number) for number in range(2 * UPDATES)]
        first = [update(connection, column, 0.0, 1, f"campaign {number}") for number in range(NEW_HOLDOUTS)]
        return statistics.median(times[UPDATES:]), statistics.median(first)

    def predictions(self, seconds: float, rounds: int) -> tuple[str, str, str, str]:
        """The 99th percentile of predictions without people and with them, their ratio, and the updates of people."""
        quiet, busy, beside = list[float](), list[float](), list[float]()
        for _ in range(rounds):
            quiet.append(self._predictions_p99(seconds))
            people = start_people(self._address, PEOPLE, seconds + 2)
            busy.append(self._predictions_p99(seconds))
            beside += milliseconds_of(people)
        ratios = [with_people / alone for alone, with_people in zip(quiet, busy, strict=True)]
        return (
            f"{statistics.median(quiet):.2f}",
            f"{statistics.median(busy):.2f}",
            f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})",
            f"{statistics.median(beside):,.0f}",
        )

    @property
    def _address(self) -> str:
        return self.url.split("/")[2]

    def _view(self, path: str) -> float:
        return read_page(HTTPConnection(self._address, timeout=60), path)[0]

    def _replace_table(self) -> None:
        scores = self.home.home.scores
        draft = self.scratch / "scores.parquet"
        shutil.copyfile(scores, draft)
        draft.replace(scores)

    def _predictions_p99(self, seconds: float) -> float:
        bodies = [request_body([customer]) for customer in self.home.customers[:1000]]
        load = run_load(self.url, bodies, PREDICTING, seconds, self.scratch, pause_milliseconds=PAUSE_MILLISECONDS)
        return load.require_answers().p99
