"""Scorecards command: a table with the verdict on the untreated, the reasons of alarms, and drift."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.cli.main import app
from tests.serving.api.routes.test_scorecards import DRIFT, scorecard


@pytest.fixture
def home(tmp_path: Path) -> Path:
    alarm = {**scorecard("7", "2026-10-02", "alarm"), "reasons": ["outcomes: 1.25 observed for 1 expected"]}
    cards = [scorecard("6", "2026-09-28"), alarm]
    (tmp_path / "scorecards.json").write_text(json.dumps({"as_of": "2026-11-20", "scorecards": cards}))
    (tmp_path / "drift.json").write_text(json.dumps(DRIFT))
    return tmp_path


def scorecards(home: Path, *arguments: str) -> tuple[int, str]:
    result = CliRunner(env={"COLUMNS": "160"}).invoke(app, ["scorecards", "--home", str(home), *arguments])
    return result.exit_code, result.output


def test_the_newest_come_first_with_reasons_and_drift(home: Path) -> None:
    status, out = scorecards(home)
    assert status == 0
    assert re.search(r"2026-10-02 +7 +order 30d +alarm +900 +1\.25 +1\.15 to 1\.35", out)
    assert out.index("2026-10-02") < out.index("2026-09-28")
    assert "2026-10-02, order within 30 days: outcomes: 1.25 observed for 1 expected." in out
    assert "Drift as of 2026-11-20, since release 7 was trained:" in out
    assert "all: 900 orders" in out


def test_a_release_and_a_period_select(home: Path) -> None:
    assert "2026-10-02" not in scorecards(home, "--release", "6")[1].split("Drift")[0]
    assert "2026-09-28" not in scorecards(home, "--from", "2026-10-01", "--to", "2026-10-31")[1]


def test_json_has_all_of_it(home: Path) -> None:
    status, out = scorecards(home, "--json")
    answer = json.loads(out)
    assert (status, [card["release"] for card in answer["scorecards"]], answer["drift"]) == (0, ["7", "6"], DRIFT)


def test_a_home_that_has_judged_nothing_says_what_will(tmp_path: Path) -> None:
    status, out = scorecards(tmp_path)
    assert status == 0
    assert "No prediction has matured yet: `flywheel learn` judges each when its window is over." in out
    assert "No drift was measured yet" in out
