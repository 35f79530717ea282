"""Freshness checks: what a shop that has not run for a while is told."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from features.config.shop import read_shop_config
from pipelines.diagnostics import freshness_checks
from pipelines.diagnostics.check import Check
from tests.pipelines.diagnostics.surroundings import (
    NOW,
    level_and_found,
    write_champion,
    write_config,
    write_features,
    write_history,
    write_scores,
)

TODAY = date(2026, 11, 21)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("FLYWHEEL_AS_OF", raising=False)
    return tmp_path / ".flywheel"


@pytest.mark.parametrize("check", freshness_checks.FRESHNESS_CHECKS, ids=lambda check: check.name)
def test_a_shop_that_has_just_begun_has_nothing_stale(tmp_path: Path, check: Check) -> None:
    assert level_and_found(check, tmp_path) == ("ok", "there is nothing yet")


@pytest.mark.parametrize(("age", "level"), [(0, "ok"), (7, "ok"), (8, "warning"), (400, "warning")])
def test_features_are_stale_after_the_days_that_the_release_allows(
    tmp_path: Path, home: Path, age: int, level: str
) -> None:
    write_features(home, TODAY - timedelta(days=age))
    write_champion(home, NOW)
    found_level, found = level_and_found(freshness_checks.features_age, tmp_path)
    assert found_level == level
    assert found.startswith(f"as of {TODAY - timedelta(days=age)}, {age} days old")


def test_a_clock_that_is_pinned_counts_for_the_age_of_features(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLYWHEEL_AS_OF", "2017-12-31")
    write_features(home, date(2017, 12, 31))
    assert level_and_found(freshness_checks.features_age, tmp_path)[0] == "ok"


def test_features_of_tomorrow_are_noticed(tmp_path: Path, home: Path) -> None:
    write_features(home, TODAY + timedelta(days=1))
    assert level_and_found(freshness_checks.features_age, tmp_path) == (
        "warning",
        "they are as of 2026-11-22, and today is 2026-11-21",
    )


@pytest.mark.parametrize(("age", "level"), [(0, "ok"), (35, "ok"), (40, "warning")])
def test_a_champion_that_was_trained_long_before_the_features_is_noticed(
    tmp_path: Path, home: Path, age: int, level: str
) -> None:
    write_features(home, TODAY)
    write_champion(home, NOW - timedelta(days=age))
    assert level_and_found(freshness_checks.champion_age, tmp_path)[0] == level


def test_scores_of_another_release_or_of_an_earlier_day_are_noticed(tmp_path: Path, home: Path) -> None:
    write_features(home, TODAY)
    write_champion(home, NOW, version="2")
    write_scores(home, NOW, release="2")
    assert level_and_found(freshness_checks.scores_age, tmp_path) == (
        "ok",
        "2 customers as of 2026-11-21, by release 2",
    )
    write_scores(home, NOW - timedelta(days=2), release="1")
    assert level_and_found(freshness_checks.scores_age, tmp_path) == (
        "warning",
        "2 customers as of 2026-11-19, by release 1, while release 2 serves, older than the features of 2026-11-21",
    )


def test_a_damaged_scores_table_is_a_problem(tmp_path: Path, home: Path) -> None:
    home.mkdir()
    (home / "scores.parquet").write_text("lost")
    assert level_and_found(freshness_checks.scores_age, tmp_path)[0] == "problem"


def test_a_changed_configuration_is_noticed(tmp_path: Path, home: Path) -> None:
    write_config(tmp_path)
    write_history(home, NOW, config=read_shop_config(tmp_path / "flywheel.toml").fingerprint)
    assert level_and_found(freshness_checks.configuration_used, tmp_path)[0] == "ok"
    write_config(tmp_path, (tmp_path / "flywheel.toml").read_text().replace("EUR", "USD"))
    assert level_and_found(freshness_checks.configuration_used, tmp_path)[0] == "warning"


def test_an_import_of_consents_that_was_stopped_is_noticed(tmp_path: Path, home: Path) -> None:
    write_history(home, NOW)
    assert level_and_found(freshness_checks.consents_import, tmp_path) == (
        "warning",
        "the import was stopped, or never ran",
    )
    (home / "history/consents.taken").write_text("c s lmdb")
    assert level_and_found(freshness_checks.consents_import, tmp_path)[0] == "ok"
    (home / "history/consents.taken").write_text("c before lmdb")
    assert level_and_found(freshness_checks.consents_import, tmp_path)[0] == "warning"
