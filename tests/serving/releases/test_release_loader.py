"""Hot reload: the new release is loaded and checked beside the old one, and takes over at once or never."""

from __future__ import annotations

import asyncio
import gc
import io
import json
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from features.online.feature_rows import FeatureRows
from features.views import View
from serving.interfaces import FeatureReader, ReleasePort
from serving.moments import parse_datetime
from serving.observability.clock import PinnedClock
from serving.observability.json_logs import json_log
from serving.observability.metrics import Metrics
from serving.releases.polling import poll_forever
from serving.releases.release_loader import ReleaseLoader
from tests.serving.fakes import VIEWS, FakeFeatureReader, FakeRelease, constant_rate_forecast
from training.inference.forecast import Forecast

pytestmark = pytest.mark.slow


@dataclass
class ReleaseHome:
    """A releases folder with its loader, log and metrics."""

    releases: Path
    release_factories: dict[str, Callable[[], ReleasePort]] = field(default_factory=dict)
    loads: list[str] = field(default_factory=list)
    opened_views: list[tuple[View, ...]] = field(default_factory=list)
    log: io.StringIO = field(default_factory=io.StringIO)
    metrics: Metrics = field(default_factory=Metrics)
    ticks: int = 0

    def __post_init__(self) -> None:
        self.logger = json_log(PinnedClock(parse_datetime("2026-11-21")), self.log)
        self.loader = ReleaseLoader(self.releases, self._load, self._open, self.metrics, self.logger)

    def promote(self, version: str, factory: Callable[[], ReleasePort] | None = None) -> None:
        """Point to a version; each time is later than the last."""
        self.release_factories[version] = factory or (lambda: FakeRelease(version=version))
        pointer = self.releases / "champion"
        pointer.write_text(f"{version}\n")
        self.ticks += 1
        os.utime(pointer, (self.ticks, self.ticks))

    def poll(self, times: int = 1) -> str | None:
        for _ in range(times):
            self.loader.poll()
        return self.serves()

    def serves(self) -> str | None:
        return self.loader.current.release.version if self.loader.current else None

    def events(self) -> list[tuple[str, str]]:
        lines = map(json.loads, self.log.getvalue().splitlines())
        return [(line["event"], line["release"]) for line in lines]

    def failures(self) -> bytes:
        return next(
            line for line in self.metrics.render().splitlines() if line.startswith(b"model_load_failures_total")
        )

    def _load(self, folder: Path) -> ReleasePort:
        self.loads.append(folder.name)
        return self.release_factories[folder.name]()

    def _open(self, views: tuple[View, ...]) -> FeatureReader:
        self.opened_views.append(views)
        return FakeFeatureReader()


@pytest.fixture
def home(tmp_path: Path) -> Iterator[ReleaseHome]:
    yield ReleaseHome(tmp_path)
    gc.unfreeze()


async def wait_until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - the other side is a thread
            await asyncio.sleep(0.001)


def fail_to_load() -> ReleasePort:
    raise ValueError("model.txt is not the file that was registered (sha256 differs)")


def test_before_the_first_promotion_nobody_answers_and_nothing_is_wrong(home: ReleaseHome) -> None:
    assert home.poll() is None
    assert home.events() == []


def test_the_champion_answers_with_the_features_it_was_trained_on(home: ReleaseHome) -> None:
    home.promote("7")
    assert home.poll() == "7"
    assert home.opened_views == [VIEWS]
    assert home.events() == [("release serves", "7")]


def test_an_unchanged_pointer_is_only_looked_at(home: ReleaseHome) -> None:
    home.promote("7")
    home.poll(100)
    assert home.loads == ["7"]


def test_the_next_champion_takes_over_and_the_former_may_return(home: ReleaseHome) -> None:
    for version in ("7", "8", "7"):
        home.promote(version)
        assert home.poll() == version
    assert home.loads == ["7", "8", "7"]


def test_a_corrupt_release_is_refused_logged_and_counted_and_the_old_one_stays(home: ReleaseHome) -> None:
    home.promote("7")
    home.poll()
    home.promote("8", fail_to_load)
    assert home.poll() == "7"
    assert home.events()[-1] == ("release rejected", "8")
    assert "sha256 differs" in home.log.getvalue()
    assert home.failures() == b"model_load_failures_total 1.0"


def test_a_refused_release_is_not_tried_at_every_look_but_now_and_then(home: ReleaseHome) -> None:
    home.promote("8", fail_to_load)
    home.poll(30)
    assert home.loads == ["8"]
    home.poll(30)
    assert home.loads == ["8", "8"]


def test_a_refused_release_that_is_promoted_again_is_tried_at_once(home: ReleaseHome) -> None:
    home.promote("8", fail_to_load)
    home.poll()
    home.promote("8")
    assert home.poll() == "8"


def test_going_back_from_a_refused_release_needs_no_load(home: ReleaseHome) -> None:
    home.promote("7")
    home.poll()
    home.promote("8", fail_to_load)
    home.poll()
    home.promote("7")
    assert home.poll(100) == "7"
    assert home.loads == ["7", "8"]


@pytest.mark.parametrize("pointer", ["", "../7", "a/b", "7\n8/.", "/etc"])
def test_a_pointer_that_names_no_version_is_refused(home: ReleaseHome, pointer: str) -> None:
    home.promote("7")
    home.poll()
    (home.releases / "champion").write_text(pointer)
    assert home.poll() == "7"
    assert home.loads == ["7"]
    assert home.events()[-1][0] == "release rejected"


def test_a_folder_that_holds_another_release_is_refused(home: ReleaseHome) -> None:
    home.promote("8", lambda: FakeRelease(version="7"))
    assert home.poll() is None
    assert "Found release '7' in the folder of '8'" in home.log.getvalue()


def test_a_release_that_cannot_answer_is_refused_by_the_smoke_test(home: ReleaseHome) -> None:
    def answer_nan(rows: FeatureRows, _: int) -> Forecast:
        return constant_rate_forecast(np.full(len(rows), np.nan))

    home.promote("8", lambda: FakeRelease(version="8", answer=answer_nan))
    assert home.poll() is None
    assert "Release 8 failed its check on synthetic customers" in home.log.getvalue()


def test_a_pointer_that_cannot_be_read_changes_nothing(home: ReleaseHome) -> None:
    home.promote("7")
    home.poll()
    (home.releases / "champion").unlink()
    (home.releases / "champion").mkdir()
    assert home.poll() == "7"


def test_a_worker_that_stumbles_goes_on_looking(home: ReleaseHome, monkeypatch: pytest.MonkeyPatch) -> None:
    polls: list[int] = []

    def fail_to_poll() -> None:
        polls.append(1)
        raise MemoryError

    async def follow_for_a_while() -> None:
        task = asyncio.create_task(poll_forever([home.loader.poll], 0.001, home.logger))
        await wait_until(lambda: len(polls) > 2)
        task.cancel()

    monkeypatch.setattr(home.loader, "poll", fail_to_poll)
    asyncio.run(follow_for_a_while())
    assert '"event": "poll failed"' in home.log.getvalue()


def test_requests_go_on_while_the_next_release_loads(home: ReleaseHome) -> None:
    loading, loaded = threading.Event(), threading.Event()

    def load_slowly() -> ReleasePort:
        loading.set()
        assert loaded.wait(5)
        return FakeRelease(version="8")

    async def promote_under_way() -> list[str | None]:
        task = asyncio.create_task(poll_forever([home.loader.poll], 0.001, home.logger))
        home.promote("7")
        await wait_until(lambda: home.serves() == "7")
        home.promote("8", load_slowly)
        await wait_until(loading.is_set)
        serving_meanwhile = home.serves()
        loaded.set()
        await wait_until(lambda: home.serves() != "7")
        task.cancel()
        return [serving_meanwhile, home.serves()]

    assert asyncio.run(promote_under_way()) == ["7", "8"]


def test_metrics_say_who_serves(home: ReleaseHome) -> None:
    for version in ("7", "8"):
        home.promote(version)
        home.poll()
    page = home.metrics.render().decode()
    assert 'model_info{model="churn",release="7",version="3"} 0.0' in page
    assert 'model_info{model="churn",release="8",version="3"} 1.0' in page
