"""Following MLflow: an alias that a reviewer moves there reaches the service, or is put back with the reason."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipelines.home import Home
from pipelines.promotion.refusals import AliasPutBack, ReleaseBarred, TrialFailed
from pipelines.steps import follow, promote, run
from pipelines.steps.ui import ChampionWatcher
from tests.training.registry.ready_store import three_releases_in
from training.registry import Registry, write_champion_pointer
from training.registry.champion_alias import read_champion_alias
from training.registry.release_records import ReleaseRecords

pytestmark = pytest.mark.slow

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home whose release 2 serves, after 1; every release passes its trial and the gate."""
    monkeypatch.delenv("FLYWHEEL_MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setattr("pipelines.promotion.trial.try_release", lambda *_: None)
    monkeypatch.setattr("pipelines.promotion.gate.current_gate", lambda *_: {"passed": True})
    registry = three_releases_in(tmp_path)
    for version in "12":
        registry.promote(version, by="ann", at=NOON, why="better", gate={})
    write_champion_pointer(tmp_path, "2")
    return Home(tmp_path)


def move_alias(home: Home, version: str, model: str = "release") -> Registry:
    registry = home.registry()
    registry.client.set_registered_model_alias(model, "champion", version)
    return registry


def fail_trial(*_: object) -> None:
    raise TrialFailed("Release 3 cannot serve: Release 3 was made by an older version of Flywheel.")


def follow_alias(home: Home) -> object:
    return follow.run(home, LATER, lambda _: None)


def test_a_moved_alias_is_a_promotion_by_mlflow(home: Home) -> None:
    registry = move_alias(home, "3")
    follow_alias(home)
    newest = registry.promotions()[-1]
    assert (home.champion(), newest.version, newest.replaced, newest.by, newest.at) == ("3", "3", "2", "MLflow", LATER)
    assert (registry.version_of("churn", "champion"), registry.version_of("release", "previous")) == ("3", "2")
    assert follow_alias(home) is None


def test_a_release_that_served_before_can_be_moved_to_again(home: Home) -> None:
    registry = move_alias(home, "1")
    follow_alias(home)
    assert (home.champion(), [each.version for each in registry.promotions()]) == ("1", ["1", "2", "1"])


def test_the_alias_of_a_release_that_cannot_serve_is_put_back_with_the_reason_on_its_page(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.promotion.trial.try_release", fail_trial)
    registry = move_alias(home, "3")
    with pytest.raises(AliasPutBack, match=r"made by an older version .* The alias champion, .*, is back\."):
        follow_alias(home)
    assert (home.champion(), registry.version_of("release", "champion"), len(registry.promotions())) == ("2", "2", 2)
    assert "older version of Flywheel" in registry.tags_of("release", "3")["promotion_refused"]
    assert registry.tags_of("release", "3")["promotion_refused"].startswith("2026-11-29T13:00:00")
    refusal = ReleaseRecords.of_home(home.folder).read()["3"].refusal
    assert refusal is not None
    assert (refusal.by, refusal.at, refusal.why) == (
        "MLflow",
        LATER.isoformat(),
        "Release 3 cannot serve: Release 3 was made by an older version of Flywheel.",
    )


def test_what_the_nightly_run_refuses_is_recorded_for_the_service(home: Home) -> None:
    promote.rollback(home, NOON, lambda _: None, why="odd totals")
    reason = run._promote(home, LATER, lambda _: None, "2")
    refusal = ReleaseRecords.of_home(home.folder).read()["2"].refusal
    assert refusal is not None
    assert (refusal.at, refusal.why) == (LATER.isoformat(), reason)
    assert "odd totals" in reason


def test_a_later_promotion_takes_the_reason_off_the_page(home: Home) -> None:
    registry = move_alias(home, "3")
    registry.note_refusal("3", "The gate rejects it.")
    follow_alias(home)
    assert "promotion_refused" not in registry.tags_of("release", "3")


def test_an_alias_that_was_removed_is_there_again(home: Home) -> None:
    registry = home.registry()
    registry.client.delete_registered_model_alias("release", "champion")
    with pytest.raises(AliasPutBack, match=r"was removed in MLflow\. Release 2 serves, so it is there again"):
        follow_alias(home)
    assert registry.version_of("release", "champion") == "2"


def test_a_promotion_killed_before_its_pointer_is_finished_without_the_gate(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.promotion.gate.current_gate", lambda *_: {"passed": False})
    home.registry().promote("3", by="ann", at=NOON, why="forced", gate={}, forced=True)
    follow_alias(home)
    assert (home.champion(), [each.by for each in home.registry().promotions()]) == ("3", ["ann"] * 3)


def test_the_alias_of_a_single_model_decides_nothing(home: Home) -> None:
    registry = move_alias(home, "1", model="churn")
    assert follow_alias(home) is None
    assert home.champion() == "2"
    move_alias(home, "3")
    follow_alias(home)
    assert registry.version_of("churn", "champion") == "3"


def test_moving_the_alias_to_a_barred_release_is_a_promotion_by_hand(home: Home) -> None:
    promote.rollback(home, NOON, lambda _: None)
    with pytest.raises(ReleaseBarred, match=r"rolled back by .* at 2026-11-29 12:00 UTC: rolled back\. It stays"):
        promote.run_automatically(home, LATER, lambda _: None, "2")
    registry = move_alias(home, "2")
    follow_alias(home)
    assert (home.champion(), registry.barred_releases()) == ("2", [])


def test_the_alias_is_read_without_mlflow(home: Home, tmp_path: Path) -> None:
    assert read_champion_alias(home.folder) == "2"
    move_alias(home, "3")
    assert read_champion_alias(home.folder) == "3"
    assert read_champion_alias(tmp_path / "empty") is None


def test_the_watcher_waits_for_another_writer_and_says_so_once(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    reports: list[str] = []
    watcher = ChampionWatcher(home, lambda: LATER, reports.append)
    watcher.look()
    assert reports == []
    move_alias(home, "3")
    monkeypatch.setenv("FLYWHEEL_LOCK_SECONDS", "0")
    with home.hold_write_lock("run", lambda _: None):
        watcher.look()
        watcher.look()
    assert (len(reports), home.champion()) == (1, "2")
    assert "is being written by" in reports[0]
    watcher.look()
    assert home.champion() == "3"
    assert reports[-1] == "release 3 serves instead of 2: the alias champion was moved to it"
