"""Experiment checks: damaged records, filters that no longer fit the scores, and a hold-out that has run out."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from features.consents.consent import Defaults
from pipelines.diagnostics.experiment_checks import experiments, global_holdout
from tests.dictionary_storage import in_memory_ledger
from tests.pipelines.diagnostics.surroundings import level_and_found, result_of
from tests.serving import scored
from tests.training.experiments.records import experiment
from training.experiments.record.experiment_folder import ExperimentFolder
from training.experiments.record.global_holdout import GlobalHoldout, record_global_holdout
from training.experiments.record.started_experiment import Change

HOME = ".flywheel"
GOLD = {"filter": {"column": "value_tier", "equals": "gold"}}
GONE = {"filter": {"column": "segment_gone", "equals": True}}


def write_scores(home: Path) -> None:
    ledger = in_memory_ledger()
    ledger.set_defaults(Defaults(marketing=True))
    scored.write_scores(home, ledger, ["ann", "bob"])


def test_a_home_without_experiments_is_fine(tmp_path: Path) -> None:
    assert level_and_found(experiments, tmp_path) == ("ok", "0 running of 0 experiments")
    assert level_and_found(global_holdout, tmp_path) == ("ok", "there is none")


def test_an_experiment_whose_column_is_gone_is_named_until_it_is_stopped(tmp_path: Path) -> None:
    folder = ExperimentFolder(tmp_path / HOME)
    folder.start(experiment(eligible=GOLD, ends_on="2100-01-01"), 1, "cli")
    folder.start(experiment(id="gone", eligible=GONE, ends_on="2100-01-01"), 2, "cli")
    assert level_and_found(experiments, tmp_path) == ("ok", "2 running of 2 experiments")
    write_scores(tmp_path / HOME)
    found = "2 running of 2 experiments; these do not fit the scores: gone"
    assert level_and_found(experiments, tmp_path) == ("warning", found)
    folder.append_change("gone", Change(kind="stop", at=3, actor="cli"))
    assert level_and_found(experiments, tmp_path) == ("ok", "1 running of 2 experiments")


def test_a_damaged_record_is_a_problem(tmp_path: Path) -> None:
    ExperimentFolder(tmp_path / HOME).start(experiment(), 1, "cli")
    (tmp_path / HOME / "experiments" / "win-back.json").write_text("{}")
    result = result_of(experiments, tmp_path)
    assert result.level == "problem"
    assert "Found damaged files of an experiment" in result.found


def test_a_hold_out_that_has_run_out_is_said(tmp_path: Path) -> None:
    record_global_holdout(tmp_path / HOME, GlobalHoldout(0.05, "2100-H1", date(2100, 7, 1)), 1)
    assert level_and_found(global_holdout, tmp_path) == ("ok", "2100-H1 takes 5.0% until 2100-07-01")
    record_global_holdout(tmp_path / HOME, GlobalHoldout(0.05, "2020-H1", date(2020, 7, 1)), 2)
    found = "2020-H1 takes 5.0% until 2020-07-01, so nobody is held out any more"
    assert level_and_found(global_holdout, tmp_path) == ("warning", found)
