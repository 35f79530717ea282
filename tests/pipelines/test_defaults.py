from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pipelines import shops
from tests.pipelines.command import Flywheel

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ["feast", "mlflow", "lightgbm", "pandas", "sklearn", "scipy", "duckdb", "ibis", "pyarrow", "numpy", "bentoml"]
HELP = f"""
import sys
from pipelines.cli.main import main
try:
    main()
except SystemExit as ended:
    assert not ended.code, ended.code
print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)
"""


@pytest.fixture
def flywheel(tmp_path: Path) -> Flywheel:
    """An empty folder next to a shop of one customer."""
    shops.write_shop(tmp_path / "shop", shops.log_of_orders(("ann", 0, 10.0), ("ann", 9, 10.0)))
    (tmp_path / "here").mkdir()
    return Flywheel(tmp_path / "here")


def test_the_config_and_the_home_of_the_working_directory_come_first(flywheel: Flywheel) -> None:
    shops.write_shop(flywheel.folder, shops.log_of_orders(("bob", 0, 10.0)))
    flywheel.home.folder.mkdir()
    elsewhere = {"FLYWHEEL_CONFIG": "../shop/flywheel.toml", "FLYWHEEL_HOME": "../home"}
    assert flywheel("ingest", "--json", environment=elsewhere).summary["tables"][0]["lines"] == 1
    assert (flywheel.home.history / "manifest.json").exists()
    assert not (flywheel.folder / "../home").exists()


def test_the_environment_names_config_and_home_otherwise(flywheel: Flywheel) -> None:
    elsewhere = {"FLYWHEEL_CONFIG": "../shop/flywheel.toml", "FLYWHEEL_HOME": "../home"}
    assert flywheel("ingest", "--json", environment=elsewhere).summary["tables"][0]["lines"] == 2
    assert (flywheel.folder / "../home/history/manifest.json").exists()
    assert not flywheel.home.folder.exists()


def test_the_command_line_options_come_before_both(flywheel: Flywheel) -> None:
    shops.write_shop(flywheel.folder, shops.log_of_orders(("bob", 0, 10.0)))
    flywheel.home.folder.mkdir()
    options = ("--config", "../shop/flywheel.toml", "--home", "../chosen")
    result = flywheel(
        "ingest", "--json", *options, environment={"FLYWHEEL_CONFIG": "no.toml", "FLYWHEEL_HOME": "../home"}
    )
    assert result.summary["tables"][0]["lines"] == 2
    assert (flywheel.folder / "../chosen/history/manifest.json").exists()
    assert not flywheel.home.history.exists()


def test_an_empty_variable_names_nothing(flywheel: Flywheel) -> None:
    result = flywheel("ingest", environment={"FLYWHEEL_CONFIG": "", "FLYWHEEL_HOME": ""})
    assert "No configuration at flywheel.toml" in result.err
    assert flywheel.home.folder.exists()


@pytest.mark.parametrize("command", [[], ["run"], ["promote"], ["serve"]])
def test_help_is_there_before_any_library(command: list[str], tmp_path: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = subprocess.run(
        [sys.executable, "-c", HELP, *command, "--help"],
        cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert "--help" in result.stdout
    assert result.stderr == "[]\n"
    assert after.ru_utime - before.ru_utime < 1.5
    assert not [*tmp_path.iterdir()]
