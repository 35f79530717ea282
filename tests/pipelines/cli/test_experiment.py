"""Experiment commands: they plan, start and change the experiments that the service serves."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from features.consents.backends import open_ledger
from features.consents.consent import Defaults
from pipelines.cli.main import app
from tests.serving import scored
from training.experiments.record.experiment_folder import ExperimentFolder

IDS = [f"c{number:03d}" for number in range(40)]
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
RECORD = {
    "id": "win-back",
    "arms": [{"name": "none", "control": True}, {"name": "five"}, {"name": "ten"}],
    "outcome": {"kind": "order", "within_days": 28},
    "ends_on": "2027-02-01",
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    ledger = open_ledger(tmp_path, "lmdb")
    ledger.set_defaults(Defaults(marketing=True))
    scored.write_scores(tmp_path, ledger, IDS)
    return tmp_path


def experiment(home: Path, *arguments: str) -> Result:
    """The result of ``flywheel experiment``."""
    return CliRunner().invoke(app, ["experiment", *arguments, "--home", str(home)], obj=lambda: NOON)


def record_file(home: Path, **fields: Any) -> str:  # noqa: ANN401 - any JSON
    """A file with a record."""
    path = home / "record.json"
    path.write_text(json.dumps({**RECORD, **fields}))
    return str(path)


def test_a_plan_starts_nothing(home: Path) -> None:
    result = experiment(home, "plan", record_file(home, guardrails=[{"kind": "spend", "not_worse_by": 0.1}]))
    assert result.exit_code == 0, result.output
    assert "40 customers are eligible; 40 of them are available." in result.output
    assert "the log has no order line in such a window" in " ".join(result.output.split())
    assert ExperimentFolder(home).ids() == []


def test_an_experiment_from_its_start_to_its_stop(home: Path) -> None:
    started = experiment(home, "start", record_file(home))
    assert "win-back is running; it began 2026-11-21 and ends 2027-02-01, looks before: none." in started.output
    assert "win-back" in experiment(home, "list").output
    removed = json.loads(experiment(home, "remove-arm", "win-back", "ten", "--json").output)
    assert removed["epoch"]["probabilities"] == {"": {"none": 0.5, "five": 0.5, "ten": 0.0}}
    assert "looks before: 2027-02-01." in experiment(home, "extend", "win-back", "2027-03-01").output
    assert "win-back is stopped" in experiment(home, "stop", "win-back").output
    assert json.loads(experiment(home, "show", "win-back", "--json").output)["status"] == "stopped"
    changes = ExperimentFolder(home).read("win-back").changes
    assert [(change.kind, change.actor) for change in changes] == [
        ("start", "cli"),
        ("remove_arm", "cli"),
        ("extend", "cli"),
        ("stop", "cli"),
    ]


def test_a_record_with_faults_names_them_all(home: Path) -> None:
    result = experiment(home, "start", record_file(home, ends_on="soon", who=1))
    assert result.exit_code == 1
    assert "  - ends_on: " in result.output
    assert "  - who: Found an unknown field" in result.output


def test_a_record_that_is_no_json_is_told_where(home: Path) -> None:
    (home / "record.json").write_text('{"id": ')
    result = experiment(home, "plan", str(home / "record.json"))
    text = " ".join(result.output.split())
    assert "record.json is not JSON: EOF while parsing a value at line 1 column 7. Correct it at that place." in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("show", "nothing"), "Found no experiment 'nothing'; expected the id of a started one."),
        (("start", "nothing.json"), "nothing.json cannot be read"),
        (
            ("extend", "win-back", "2026-01-01"),
            "Found 2026-01-01; expected a day after 2027-02-01. Choose a later one.",
        ),
        (("remove-arm", "win-back", "none"), "Found the control none; expected another arm"),
    ],
)
def test_what_cannot_be_done_is_said(home: Path, arguments: tuple[str, ...], message: str) -> None:
    experiment(home, "start", record_file(home))
    result = experiment(home, *arguments)
    assert result.exit_code == 1
    assert message in " ".join(result.output.split())


def test_a_home_without_experiments_says_how_to_start_one(home: Path) -> None:
    assert "flywheel experiment start FILE" in experiment(home, "list").output
