from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from features.ingestion.files.spill import SPILL_FOLDER
from features.storage.write_lock import HomeLocked, HomeNotWritable
from pipelines.home import Home
from tests.pipelines import shops
from tests.pipelines.command import Flywheel, KillPoint
from tests.waiting import wait_until


@pytest.fixture
def flywheel(tmp_path: Path) -> Flywheel:
    shops.write_shop(tmp_path, shops.simulate_log(20, 30))
    return Flywheel(tmp_path)


def no_progress(_: str) -> None:
    pass


def test_a_second_writer_says_who_holds_the_home(flywheel: Flywheel) -> None:
    with flywheel.home.hold_write_lock("nightly", no_progress):
        result = flywheel("ingest", environment={"FLYWHEEL_LOCK_SECONDS": "0.2"})
    assert result.status == 1
    holder = f"`flywheel nightly` (process {os.getpid()} on {socket.gethostname()})"
    assert f"waiting for {holder}" in result.err
    assert f".flywheel is being written by {holder}. Expected to be its only writer" in result.err
    assert not (flywheel.home.history / "manifest.json").exists()


def test_a_second_writer_waits_for_the_first(flywheel: Flywheel) -> None:
    with flywheel.home.hold_write_lock("nightly", no_progress):
        command = flywheel.start("ingest", environment={"FLYWHEEL_LOCK_SECONDS": "60"})
        wait_until(lambda: "waiting for `flywheel nightly`" in command.err)
        assert not flywheel.home.history.exists()
    assert command.wait().status == 0
    assert (flywheel.home.history / "manifest.json").exists()


def test_a_killed_writer_holds_nothing(flywheel: Flywheel) -> None:
    assert flywheel("ingest", kill_point=KillPoint("pipelines.steps.ingest:ingest", after_call=False)).status == -9
    result = flywheel("ingest")
    assert result.status == 0
    assert "waiting" not in result.err


def test_drafts_of_a_killed_writer_are_removed_and_nothing_else(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    (home.releases / ".7.new" / "7").mkdir(parents=True)
    (home.folder / "drafts").mkdir()
    (home.history / "spill").mkdir(parents=True)
    (home.history / SPILL_FOLDER).mkdir()
    (home.history / SPILL_FOLDER / "orders.csv").write_text("ann")
    (home.folder / ".scores.parquet.parts").mkdir()
    (home.folder / ".scores.parquet.parts" / "000001.tmp").write_text("7")
    preserved = [home.folder / "scores.parquet", home.releases / "champion"]
    for file in [*preserved, home.folder / ".scores.parquet.tmp", home.folder / ".lock.holder"]:
        file.write_text("7")
    with home.hold_write_lock("test", no_progress):
        paths = {path.relative_to(home.folder).as_posix() for path in home.folder.rglob("*")}
    remaining = {name for name in paths if not name.startswith("consents")}
    folders = {"history", "releases", ".scores.parquet.parts"}
    assert remaining == {".lock", ".lock.holder", *folders, "releases/champion", "scores.parquet"}
    assert not (home.folder / ".lock.holder").exists()


def test_a_writer_that_failed_lets_the_next_one_in(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")

    def fail() -> None:
        with home.hold_write_lock("failing", no_progress):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with home.hold_write_lock("next", no_progress, timeout_seconds=0.0):
        pass


def test_two_writers_of_one_process_are_two_writers(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with (
        home.hold_write_lock("one", no_progress),
        pytest.raises(HomeLocked, match="`flywheel one`"),
        home.hold_write_lock("two", no_progress, timeout_seconds=0.0),
    ):
        pass


def test_a_file_cannot_be_a_home(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("no folder")
    with (
        pytest.raises(HomeNotWritable, match=r"home cannot be a home .*Expected a folder to write to"),
        Home(tmp_path / "home").hold_write_lock("test", no_progress),
    ):
        pass
