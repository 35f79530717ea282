"""A home that was moved or copied has its own artefacts, and never reads those of the place it came from."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from pipelines.home import Home
from pipelines.steps import upgrade
from tests.training.registry.ready_store import registry_in
from training.registry import Registry, Run
from training.registry.relocation import relocate

pytestmark = pytest.mark.slow


@pytest.fixture
def original(tmp_path: Path) -> Path:
    """A home with one release, at a path with a space and a percent sign."""
    artifacts = tmp_path / "artifacts"
    (artifacts / "churn").mkdir(parents=True)
    (artifacts / "churn" / "trees.txt").write_text("tree")
    registry = registry_in(tmp_path / "100 % of it")
    run = registry.log_run(Run(name="release", experiment="training", fingerprint="f", folder=artifacts))
    registry.register("release", run, "model", "", {}, "f")
    return registry.home


def test_a_copy_without_its_original_gives_its_release(original: Path, tmp_path: Path) -> None:
    shutil.copytree(original, tmp_path / "copy")
    shutil.rmtree(original)
    fetched = Registry.open(tmp_path / "copy").fetch("1", tmp_path / "fetched")
    assert (fetched / "churn" / "trees.txt").read_text() == "tree"


def test_a_copy_beside_its_original_reads_its_own_files(original: Path, tmp_path: Path) -> None:
    shutil.copytree(original, tmp_path / "copy")
    (trees,) = original.rglob("trees.txt")
    trees.write_text("the original's file, which the copy must not read")
    fetched = Registry.open(tmp_path / "copy").fetch("1", tmp_path / "fetched")
    assert (fetched / "churn" / "trees.txt").read_text() == "tree"


def test_a_moved_home_says_nothing_of_its_old_place(original: Path, tmp_path: Path) -> None:
    moved = original.rename(tmp_path / "moved")
    Registry.open(moved)
    with closing(sqlite3.connect(moved / "mlflow.db")) as database:
        assert "of%20it" not in "\n".join(database.iterdump())


def test_new_runs_of_a_copy_are_kept_in_the_copy(original: Path, tmp_path: Path) -> None:
    shutil.copytree(original, tmp_path / "copy")
    before = sorted(original.rglob("*"))
    Registry.open(tmp_path / "copy").log_run(Run(name="churn", experiment="training", fingerprint="g", texts={"a": ""}))
    assert sorted(original.rglob("*")) == before


def test_a_home_in_its_place_is_not_written(original: Path) -> None:
    Registry.open(original)
    assert not relocate(original)


def test_an_upgrade_corrects_the_locations_before_anything_else_reads_them(original: Path, tmp_path: Path) -> None:
    shutil.copytree(original, tmp_path / "copy")
    summary = upgrade.run(Home(tmp_path / "copy"), lambda _: None)
    assert "MLflow's locations" in summary.changed
    assert not relocate(tmp_path / "copy")
