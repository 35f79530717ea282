"""Attribution command: a table of what was caused beside what is credited, and the same as JSON."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.cli.attribution import AttributionConsole
from pipelines.cli.main import app
from serving.schemas.attribution import AttributionResponse
from tests.training.attribution.attribution_home import held_out_shop

PERIOD = ("--from", "2027-01-01", "--to", "2027-02-01")
NOW = datetime(2027, 3, 1, tzinfo=UTC)


def attribution(home: Path, *arguments: str) -> tuple[int, str, str]:
    """The exit status and the output of the command."""
    result = CliRunner().invoke(app, ["attribution", "--home", str(home), *arguments], obj=lambda: NOW)
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def home(tmp_path: Path) -> Path:
    held_out_shop(tmp_path)
    return tmp_path


def test_the_tables_say_what_is_caused_and_what_is_credited(home: Path) -> None:
    status, out, _ = attribution(home, *PERIOD)
    assert status == 0
    assert "200 conversions from 2027-01-01 until before 2027-02-01, 120 of them with a touch in the 30 days" in out
    assert "Caused by the channels, by hold-outs (randomised)" in out
    assert re.search(r"email +200 +200 +40 +21 to 59 ", out)
    assert "Path rules: credited, not caused" in out
    assert re.search(r"all channels +120 +120 +120 +120 +120", out)
    assert re.search(r"conversions +200 +200 +200 +200 +200", out)


def test_a_number_that_rounds_to_nothing_has_no_sign(capsys: pytest.CaptureFixture[str]) -> None:
    nothing = {"last_touch": 0, "first_touch": 0, "linear": 0, "markov": 0, "shapley": 0}
    channel = {
        "channel": "email", "touches": 0, "customers": 0, "withheld": 0, "touch_cost": 0, "campaigns": [],
        "incremental": {"status": "estimated", "conversions": -0.2, "low": -3.0, "high": -0.1},
        "exposure": {"conversions": -0.4}, "credited": nothing,
    }  # fmt: skip
    answer = {
        "from": "2027-01-01", "to": "2027-02-01", "conversions": 0, "touched_conversions": 0, "costs": [],
        "compared_by": "past_orders", "credited": nothing, "channels": [channel], "small_channels": 0,
    }  # fmt: skip
    AttributionConsole(json_output=False).show_attribution(AttributionResponse.model_validate(answer, strict=False))
    assert re.search(r"email +0 +0 +0 +-3 to 0 +0 *\n", capsys.readouterr().out)


def test_a_channel_without_a_hold_out_says_why(home: Path) -> None:
    _, out, _ = attribution(home, "--from", "2027-01-01", "--to", "2027-04-01")
    assert re.search(r"email +200 +200 +unknown +not_mature", out)
    assert "email: Found a log that ends on 2027-02-09; expected one that reaches the end of the period" in out


def test_json_is_the_answer_of_the_service(home: Path) -> None:
    status, out, _ = attribution(home, *PERIOD, "--channel", "email", "--json")
    assert status == 0
    answer = json.loads(out)
    assert (answer["from"], answer["channels"][0]["incremental"]["conversions"]) == ("2027-01-01", 40)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            ("--from", "2027-02-01", "--to", "2027-01-01"),
            "Found the period from 2027-02-01 to 2027-01-01; expected",
        ),
        ((*PERIOD, "--channel", "fax"), "Found no touches on 'fax' in the period; expected one of email."),
    ],
)
def test_what_cannot_be_answered_says_what_was_expected(home: Path, arguments: tuple[str, ...], text: str) -> None:
    status, out, err = attribution(home, *arguments)
    assert (status, out) == (1, "")
    assert text in " ".join(err.split())


def test_a_mistyped_home_is_not_made(tmp_path: Path) -> None:
    status, _, err = attribution(tmp_path / "nowhere", *PERIOD)
    assert status == 1
    assert "Found no home in" in err
    assert not (tmp_path / "nowhere").exists()
