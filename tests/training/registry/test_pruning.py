"""Pruning: old releases leave with all that only they have; what answers or may answer stays at any age."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.training.registry.ready_store import registry_in, three_releases_in
from training.registry import Registry, Run, VersionNotFound
from training.registry.database import upgrade_database

pytestmark = pytest.mark.slow

LATER = datetime.now(UTC) + timedelta(days=1)
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def versions(registry: Registry) -> set[str]:
    return {f"{found.name} {found.version}" for found in registry.client.search_model_versions()}


def test_only_releases_without_a_role_are_old(tmp_path: Path) -> None:
    registry = three_releases_in(tmp_path)
    assert registry.old_releases(NOON) == []
    assert registry.old_releases(LATER) == ["1", "2", "3"]
    for version in "12":
        registry.promote(version, by="ann", at=NOON, why="better", gate={})
    assert registry.old_releases(LATER) == ["3"]
    assert registry.old_releases(LATER, needed_versions=["3"]) == []
    registry.set_challenger("release", "3")
    assert registry.old_releases(LATER) == []


def test_what_another_release_has_too_is_left(tmp_path: Path) -> None:
    registry = three_releases_in(tmp_path)
    run_id = str(registry.client.get_model_version("release", "1").run_id)
    registry.delete_release("1")
    assert versions(registry) == {"churn 2", "churn 3", "ltv 2", "release 2", "release 3"}
    assert registry.client.get_run(run_id).info.lifecycle_stage == "active"
    with pytest.raises(VersionNotFound):
        registry.delete_release("1")


def test_a_deleted_release_leaves_no_run_and_no_file(tmp_path: Path) -> None:
    registry = registry_in(tmp_path / "home")
    (tmp_path / "artifacts").mkdir()
    (tmp_path / "artifacts" / "trees.txt").write_text("tree")
    for model in ("churn", "release"):
        run = Run(name=model, experiment="training", fingerprint="f", folder=tmp_path / "artifacts")
        tags = {"churn": "1"} if model == "release" else {}
        registry.register(model, registry.log_run(run), "model", "", tags, fingerprint="f")
    registry.log_run(Run(name="backtest", experiment="evaluation", fingerprint="f"))
    registry.delete_release("1")
    assert registry.delete_old_evaluations(LATER) == 1
    assert versions(registry) == set()
    with closing(sqlite3.connect(tmp_path / "home" / "mlflow.db")) as database:
        assert database.execute("SELECT count(*) FROM runs").fetchone() == (0,)
    assert not list((tmp_path / "home" / "mlartifacts").rglob("trees.txt"))


def test_a_database_of_this_mlflow_needs_no_upgrade(tmp_path: Path) -> None:
    registry_in(tmp_path)
    assert not upgrade_database(tmp_path / "mlflow.db")
    assert not upgrade_database(tmp_path / "nothing.db")
    assert not (tmp_path / "nothing.db").exists()
