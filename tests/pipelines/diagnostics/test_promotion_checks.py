"""Promotion checks: an alias in MLflow that names another release, and damaged lines of the promotion log."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from pipelines.diagnostics import promotion_checks
from pipelines.diagnostics.home_status import read_status
from tests.pipelines.diagnostics.surroundings import NOW, level_and_found, surroundings_of, write_champion
from training.registry.promotion_log import Promotion, PromotionLog


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home whose release 1 serves."""
    monkeypatch.delenv("FLYWHEEL_MLFLOW_TRACKING_URI", raising=False)
    write_champion(tmp_path / ".flywheel", NOW - timedelta(days=1))
    return tmp_path / ".flywheel"


def write_alias(home: Path, version: str) -> None:
    with closing(sqlite3.connect(home / "mlflow.db")) as database, database:
        database.execute("CREATE TABLE registered_model_aliases (alias TEXT, version INTEGER, name TEXT)")
        database.execute("INSERT INTO registered_model_aliases VALUES ('champion', ?, 'release')", (version,))


def test_an_alias_that_names_another_release_is_a_warning_with_the_remedy(tmp_path: Path, home: Path) -> None:
    write_alias(home, "2")
    found = level_and_found(promotion_checks.champion_alias, tmp_path)
    assert found == ("warning", "it names release 2, while release 1 serves")
    assert read_status(surroundings_of(tmp_path)).champion_alias == "2"


def test_an_alias_of_the_release_that_serves_is_ok(tmp_path: Path, home: Path) -> None:
    write_alias(home, "1")
    assert level_and_found(promotion_checks.champion_alias, tmp_path) == ("ok", "it names release 1")


def test_models_on_a_server_are_not_asked(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_alias(home, "2")
    monkeypatch.setenv("FLYWHEEL_MLFLOW_TRACKING_URI", "http://mlflow:5000")
    assert level_and_found(promotion_checks.champion_alias, tmp_path)[0] == "ok"
    assert read_status(surroundings_of(tmp_path)).champion_alias is None


def test_a_damaged_line_of_the_promotion_log_is_counted(tmp_path: Path, home: Path) -> None:
    log = PromotionLog(home / "promotions.jsonl")
    log.append(Promotion(version="1", replaced=None, by="ann", at=NOW, why="first", gate={}))
    assert level_and_found(promotion_checks.promotion_log, tmp_path) == ("ok", "1 promotion")
    log.path.write_bytes(log.path.read_bytes() + b"{\n")
    assert level_and_found(promotion_checks.promotion_log, tmp_path) == ("warning", "1 line that cannot be read")


def test_the_status_says_why_a_champion_cannot_be_read_and_who_is_barred(tmp_path: Path, home: Path) -> None:
    (home / "releases/1/release.json").write_text('{"format": 1}')
    log = PromotionLog(home / "promotions.jsonl")
    log.append(Promotion(version="1", replaced="2", by="ann", at=NOW, why="late", gate={}, kind="rollback"))
    status = read_status(surroundings_of(tmp_path))
    assert status.champion is None
    assert "made by an older version of Flywheel: found format 1" in str(status.champion_fault)
    assert [*status.barred] == ["2"]
    assert status.barred["2"].startswith("rolled back by ann at ")
