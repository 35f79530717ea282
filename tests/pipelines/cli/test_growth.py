"""Growth command: tables of the weeks with what moved them, LTV to CAC, and the same as JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.cli.main import app
from serving.schemas.growth import FigureResponse, GrowthResponse, LocalisedText, RestatementResponse
from tests.pipelines import shops
from tests.pipelines.command import Flywheel
from tests.pipelines.conftest import AS_OF
from tests.serving.api.growth_answers import cohort, growth_answer, week, write_answer

NOTE = LocalisedText(en="The closed figure stays.", zh="已结账的数字不变。")
TOO_EARLY = FigureResponse(status="not_mature", detail="Found 30 days; expected at least 90. Wait.")


def growth(home: Path, *arguments: str) -> tuple[int, str]:
    result = CliRunner(env={"COLUMNS": "160"}).invoke(app, ["growth", "--home", str(home), *arguments])
    return result.exit_code, result.output


def test_the_weeks_are_shown_with_what_moved_them(tmp_path: Path) -> None:
    restated = RestatementResponse(high_value_active=530, reason="log_changed", note=NOTE)
    write_answer(tmp_path, growth_answer(week(0, restated=restated), week(1, status="provisional")))
    status, out = growth(tmp_path)
    assert status == 0
    assert "660 high-value active customers on 2026-11-23, 580 four weeks ago." in out
    assert "at least 480 EUR spent in the last 365 days" in out
    assert "Over 8 weeks: +20.0 customers a week (95 %: +18.5 to +21.5), rising." in out
    assert re.search(r"2026-W40 +500 +0 +11 +12 +30 +-14 +-19 +520 +530", out)
    assert re.search(r"2026-W41 +provisional +520", out)
    assert "Restated: The closed figure stays." in out
    assert "LTV to CAC: No acquisition costs are in the log." in out


def test_ltv_to_cac_is_shown_with_what_is_not_stated(tmp_path: Path) -> None:
    write_answer(tmp_path, growth_answer(cohorts=(cohort("search"), cohort("friends", realised_ratio=TOO_EARLY))))
    _, out = growth(tmp_path)
    assert "LTV to CAC by source, EUR (average, not caused)" in out
    assert re.search(r"search +8,000 +400 +20\.00 +50\.00 +50\.00( +2\.50 \(2\.25 to 2\.75\)){2}", out)
    assert re.search(r"friends .* not mature ", out)
    assert out.count("Found 30 days; expected at least 90. Wait.") == 1


def test_json_has_all_of_it(tmp_path: Path) -> None:
    answer = growth_answer(cohorts=(cohort("search"),))
    write_answer(tmp_path, answer)
    status, out = growth(tmp_path, "--json")
    assert (status, json.loads(out)) == (0, answer.model_dump(mode="json"))


def test_before_the_first_run_the_command_says_what_writes_the_figures(tmp_path: Path) -> None:
    status, out = growth(tmp_path)
    assert status == 1
    assert "growth.json; expected them. Run `flywheel run`." in " ".join(out.split())


@pytest.mark.slow
def test_a_run_counts_and_closes_the_periods(trained_shop: Flywheel) -> None:
    answer = GrowthResponse.model_validate_json(trained_shop("growth", "--json").out)
    assert answer.as_of == shops.day(AS_OF)
    assert {week.status for week in answer.weeks} <= {"closed", "provisional", "partial"}
    closed = (trained_shop.home.growth / "closed.jsonl").read_text().splitlines()
    assert [json.loads(line)["period"] for line in closed if '"week"' in line] == [
        week.period for week in answer.weeks if week.status == "closed"
    ]
    assert answer.ltv_to_cac.status == "no_costs"
