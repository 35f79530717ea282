"""Operating commands on a trained home: doctor, status, config show, version and completion."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from features.config.shop import read_shop_config
from pipelines.cli.doctor import DoctorConsole
from pipelines.diagnostics.check import CheckResult
from tests.pipelines import shops
from tests.pipelines.command import Flywheel
from tests.pipelines.conftest import AS_OF

pytestmark = pytest.mark.slow

HEAVY = ("pandas", "duckdb", "ibis", "mlflow", "feast", "lightgbm", "sklearn", "scipy", "bentoml", "fastapi")


def digests(folder: Path) -> dict[str, str]:
    """The digest of every file below a folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "lock.mdb"  # where LMDB notes who reads
    }


@pytest.mark.parametrize("command", ["doctor", "status"])
def test_doctor_and_status_change_nothing(trained_shop: Flywheel, command: str) -> None:
    before = digests(trained_shop.home.folder)
    result = trained_shop(command, "--json", environment={"FLYWHEEL_AS_OF": shops.day(AS_OF).isoformat()})
    assert result.status == 0, result.out
    assert digests(trained_shop.home.folder) == before


def test_a_doctor_finds_no_problem_in_a_shop_that_has_just_run(trained_shop: Flywheel) -> None:
    summary = trained_shop(
        "doctor", "--json", environment={"FLYWHEEL_AS_OF": shops.day(AS_OF).isoformat(), "FLYWHEEL_PORT": "1"}
    ).summary
    assert [check for check in summary["checks"] if check["level"] == "problem"] == []
    assert {*summary["checks"][0]} == {"area", "name", "level", "found", "expected", "remedy"}
    stale = [check for check in summary["checks"] if check["area"] == "freshness" and check["level"] != "ok"]
    assert stale == []
    champion = next(check for check in summary["checks"] if check["name"] == "champion" and check["area"] == "stores")
    assert champion["found"] == "release 1 with churn 1, ltv 1, next_purchase 1"


def test_a_problem_ends_the_doctor_with_1(tmp_path: Path) -> None:
    (tmp_path / "flywheel.toml").write_text("nmae = 1")
    result = Flywheel(tmp_path)("doctor")
    assert result.status == 1
    assert "  problem  configuration: " in result.out
    assert result.out.endswith("1 problem.\n")


def test_the_doctor_on_an_empty_folder_ends_with_0(tmp_path: Path) -> None:
    result = Flywheel(tmp_path)("doctor", "--json")
    assert (result.status, result.summary["level"]) == (0, "warning")
    assert not (tmp_path / ".flywheel").exists()


def test_results_are_shown_by_area_with_a_remedy_for_each_that_is_not_ok(capsys: pytest.CaptureFixture[str]) -> None:
    DoctorConsole(json_output=False).show_results([
        CheckResult("home", "folder", "ok", "/srv/shop/.flywheel", "a folder", "Create it"),
        CheckResult("home", "disk space", "warning", "1.0 GB free", "2 GB or more free", "Free space"),
        CheckResult("network", "API keys", "problem", "a key of 3 characters", "20 characters", "Take a longer one"),
    ])  # fmt: skip
    assert capsys.readouterr().out == (
        "home\n"
        "  ok       folder: /srv/shop/.flywheel\n"
        "  warning  disk space: 1.0 GB free\n"
        "           Expected: 2 GB or more free.\n"
        "           Remedy: Free space.\n"
        "network\n"
        "  problem  API keys: a key of 3 characters\n"
        "           Expected: 20 characters.\n"
        "           Remedy: Take a longer one.\n"
        "1 ok, 1 warning, 1 problem.\n"
    )


def test_status_shows_shop_champion_scores_and_totals(trained_shop: Flywheel) -> None:
    summary = trained_shop("status", "--json", environment={"FLYWHEEL_AS_OF": shops.day(AS_OF).isoformat()}).summary
    assert (summary["shop"], summary["currency"]) == ("corner-shop", "EUR")
    assert summary["features_as_of"] == shops.day(AS_OF).isoformat()
    assert (summary["champion"]["version"], summary["previous"]) == ("1", None)
    assert summary["champion"]["trained_as_of"] == shops.day(AS_OF).isoformat()
    assert summary["champion"]["tiers"]["churn"] == "average"
    assert summary["newest"] == summary["champion"]
    assert summary["scores"]["customers"] == len(trained_shop.scores)
    assert summary["promoted_at"].endswith("Z")
    assert summary["expected"]["orders"]["mean"] > 0
    assert summary["stale"] == []
    text = trained_shop("status").out
    assert "champion   release 1, trained as of 2024-09-24, answers from average; serves since " in text
    assert "Stale: features: as of 2024-09-24, " in text


def test_status_of_an_empty_folder_says_that_there_is_nothing(tmp_path: Path) -> None:
    result = Flywheel(tmp_path)("status")
    assert (result.status, result.err) == (0, "")
    assert [" ".join(line.split()) for line in result.out.splitlines()] == [
        "shop unknown: no configuration and no release",
        f"home {tmp_path}/.flywheel",
        "log none yet",
        "features none yet",
        "champion none yet",
        "scores none yet",
        "consents 0 customers recorded, 0 erased (consent state 0)",
        "audiences 0 stored",
    ]
    assert not (tmp_path / ".flywheel").exists()


def run_python(code: str, folder: Path) -> str:
    """Run code in a new interpreter and return what it prints."""
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True,
        env={"PYTHONPATH": str(Path(__file__).parents[3]), "PATH": ""},
    )  # fmt: skip
    return result.stdout


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["status"], ["status", "--json"]])
def test_version_help_and_status_import_nothing_heavy(tmp_path: Path, arguments: list[str]) -> None:
    code = f"""
import sys
from pipelines.cli.main import main
sys.argv = ["flywheel", *{arguments!r}]
try:
    main()
finally:
    print()
    print([name for name in {HEAVY!r} if name in sys.modules])
"""
    assert run_python(code, tmp_path).splitlines()[-1] == "[]"


def test_the_version_is_that_of_the_project(tmp_path: Path) -> None:
    version = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]["version"]
    result = Flywheel(tmp_path)("--version")
    assert (result.status, result.out) == (0, f"flywheel {version}\n")


@pytest.mark.parametrize(
    ("shell", "line"),
    [
        ("bash", "complete -o default -F _flywheel_completion flywheel"),
        ("zsh", "compdef _flywheel_completion flywheel"),
        ("fish", "complete --command flywheel --no-files"),
    ],
)
def test_a_completion_script_is_printed_for_each_shell(tmp_path: Path, shell: str, line: str) -> None:
    result = Flywheel(tmp_path)("completion", shell)
    assert result.status == 0
    assert line in result.out
    assert "_FLYWHEEL_COMPLETE" in result.out


def test_the_script_of_bash_completes_commands_and_options(tmp_path: Path) -> None:
    for words, expected in (
        ("flywheel do", "doctor"),
        ("flywheel keys cre", "create"),
        ("flywheel run --as", "--as-of"),
    ):
        variables = {"COMP_WORDS": words, "COMP_CWORD": str(words.count(" ")), "_FLYWHEEL_COMPLETE": "complete_bash"}
        assert Flywheel(tmp_path)(environment=variables).out.split() == [expected]


def test_another_shell_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    result = Flywheel(tmp_path)("completion", "csh")
    assert result.status == 2
    assert "bash" in result.err


def test_the_configuration_that_is_shown_is_the_one_in_effect(trained_shop: Flywheel, tmp_path: Path) -> None:
    shown = trained_shop("config", "show").out
    assert 'name = "corner-shop"\n' in shown
    assert "max_feature_age_days = 7  # default\n" in shown
    assert shown.endswith("# environment\n# no variable is set, so defaults apply\n")
    (tmp_path / "flywheel.toml").write_text(shown)
    again, config = (
        read_shop_config(tmp_path / "flywheel.toml"),
        read_shop_config(trained_shop.folder / "flywheel.toml"),
    )
    assert again.fingerprint == config.fingerprint


def test_the_secrets_of_the_environment_are_masked(trained_shop: Flywheel) -> None:
    variables = {"FLYWHEEL_API_KEYS": "hunter2,hunter3", "FLYWHEEL_ONLINE_STORE": "redis://me:hunter4@host:6379/0"}
    for output in (
        trained_shop("config", "show", environment=variables),
        trained_shop("config", "show", "--json", environment=variables),
    ):
        assert output.status == 0
        assert "hunter" not in output.out
    assert output.summary["environment"] == {
        "FLYWHEEL_API_KEYS": "***",
        "FLYWHEEL_ONLINE_STORE": "redis://me:***@host:6379/0",
    }
    assert {*output.summary} == {"config", "home", "values", "environment"}
    assert output.summary["values"]["business"]["ltv_days"] == [30, 365]


def test_without_a_configuration_there_is_none_to_show(tmp_path: Path) -> None:
    result = Flywheel(tmp_path)("config", "show")
    assert (result.status, result.out) == (1, "")
    assert "No configuration at flywheel.toml" in result.err


def test_json_is_one_line(trained_shop: Flywheel) -> None:
    for command in (("doctor",), ("status",), ("config", "show"), ("columns",), ("explain", "00001")):
        (line,) = trained_shop(*command, "--json").out.splitlines()
        json.loads(line)


@pytest.mark.parametrize("command", [("audience",), ("promote",), ("serve",), ("ui",), ("forget", "ann")])
def test_a_configuration_that_a_command_does_not_read_must_exist(tmp_path: Path, command: tuple[str, ...]) -> None:
    result = Flywheel(tmp_path)(*command, "--config", "missing.toml")
    assert result.status == 2
    assert "missing.toml" in result.err
