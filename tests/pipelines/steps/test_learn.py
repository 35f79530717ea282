"""Learn step: what was decided is folded and judged, an adaptive split follows, and a killed run is repeated."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from features.calendar import DAY_US, micros, start_of_day
from features.config.shop import ShopConfig, read_shop_config
from features.decisions.backends import open_decisions
from features.decisions.records import Decision
from pipelines.home import Home
from pipelines.run_context import RunContext
from pipelines.steps import ingest, learn, run
from tests.pipelines import shops
from training.experiments.record.experiment import Experiment
from training.experiments.record.experiment_folder import ExperimentFolder

pytestmark = pytest.mark.slow
CUSTOMERS, FIRST_DAY, DECISION_DAYS, TODAY = 600, 10, 5, 50


def record(experiment_id: str, kind: str) -> Experiment:
    """An experiment that compares a mail with nothing by orders within 14 days."""
    return Experiment.model_validate({
        "id": experiment_id,
        "arms": [{"name": "none", "control": True}, {"name": "mail"}],
        "allocation": {"kind": kind},
        "outcome": {"kind": "order", "within_days": 14},
        "ends_on": (shops.day(TODAY) + timedelta(days=20)).isoformat(),
        "looks": [shops.day(TODAY).isoformat()],
    })  # fmt: skip


def arm_of(number: int) -> int:
    return number // 2 % 2


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop that decided for 600 customers in two experiments; a fifth orders, and a half of those with the mail."""
    folder = tmp_path_factory.mktemp("shop")
    orders = [(f"c{number}", 1, 10.0) for number in range(CUSTOMERS)]
    orders += [
        (f"c{number}", FIRST_DAY + number % DECISION_DAYS + 3, 10.0)
        for number in range(CUSTOMERS)
        if number % 10 < (5 if arm_of(number) else 2)
    ]
    orders += [("zoe", day, 1.0) for day in range(TODAY)]
    shops.write_shop(folder, shops.log_of_orders(*orders))
    config, home = read_shop_config(folder / "flywheel.toml"), Home(folder / "home")
    home.folder.mkdir()
    ingest.run(config, home, datetime(2024, 1, 8, tzinfo=UTC), lambda _: None)
    begins = micros(start_of_day(shops.day(FIRST_DAY), shops.ZONE))
    for experiment_id, kind in (("fixed", "fixed"), ("adaptive", "adaptive")):
        ExperimentFolder(home.folder).start(record(experiment_id, kind), begins, "ann")
        log = open_decisions(home.folder, home.online)
        log.record([decision(experiment_id, number, begins) for number in range(CUSTOMERS)])
    ingest.run(config, home, datetime(2024, 3, 8, tzinfo=UTC), lambda _: None)
    return folder


def decision(experiment_id: str, number: int, begins: int) -> Decision:
    return Decision(
        decision_id=f"{experiment_id}-{number}", experiment_id=experiment_id, epoch=1, customer_id=f"c{number}",
        decided_at=begins + number % DECISION_DAYS * DAY_US + number, arm=("none", "mail")[arm_of(number)],
        probabilities=(0.5, 0.5), probability=0.5, reason="drawn",
    )  # fmt: skip


def context(folder: Path, report: Callable[[str], None] = lambda _: None) -> RunContext:
    config: ShopConfig = read_shop_config(folder / "flywheel.toml")
    return RunContext(config, Home(folder / "home"), shops.day(TODAY), report)


def copy_of(shop: Path, folder: Path) -> Path:
    shutil.copytree(shop, folder / "copy")
    return folder / "copy"


def files_of(folder: Path) -> dict[str, bytes]:
    home = folder / "home"
    paths = [path for path in sorted((home / "experiments").rglob("*.json*")) if path.is_file()]
    return {str(path.relative_to(home)): path.read_bytes() for path in paths}


@pytest.fixture(scope="module")
def files_of_learning(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of a run that nothing stopped."""
    folder = copy_of(shop, tmp_path_factory.mktemp("learned"))
    learn.run(context(folder))
    return files_of(folder)


def test_decisions_are_judged_and_an_adaptive_split_follows(shop: Path, tmp_path: Path) -> None:
    folder = copy_of(shop, tmp_path)
    summary = learn.run(context(folder))
    assert summary.failures == {}
    by_id = {result.experiment_id: result for result in summary.results}
    for result in by_id.values():
        effect = result.arms[1].effect
        assert (result.decided, result.matured, result.status) == (CUSTOMERS, CUSTOMERS, "decided")
        assert effect is not None
        assert effect.value == pytest.approx(0.3, abs=0.02)
    assert [*summary.epochs] == ["adaptive"]
    mail = summary.epochs["adaptive"].probabilities[""][1]
    assert mail == pytest.approx(0.95, abs=0.01)  # the floor of the other arm is .05


class Killed(BaseException):
    """The run stops here, as after a kill."""


@pytest.mark.parametrize(
    "last_message", ["experiment adaptive: decided", "experiment adaptive: epoch", "experiment fixed"]
)
def test_a_run_that_was_killed_anywhere_is_repeated_to_the_same_files(
    shop: Path, files_of_learning: dict[str, bytes], tmp_path: Path, last_message: str
) -> None:
    killed = copy_of(shop, tmp_path)

    def stop(message: str) -> None:
        if message.startswith(last_message):
            raise Killed

    with pytest.raises(Killed):
        learn.run(context(killed, stop))
    learn.run(context(killed))
    assert files_of(killed) == files_of_learning
    assert "experiments/fixed/results.json" in files_of_learning


def test_repeating_a_run_changes_no_file(shop: Path, tmp_path: Path) -> None:
    folder = copy_of(shop, tmp_path)
    learn.run(context(folder))
    files = files_of(folder)
    learn.run(context(folder))
    assert files_of(folder) == files


def test_a_damaged_experiment_is_reported_and_stops_no_other(shop: Path, tmp_path: Path) -> None:
    folder, messages = copy_of(shop, tmp_path), list[Any]()
    (folder / "home/experiments/adaptive.json").write_text("{")
    summary = learn.run(context(folder, messages.append))
    assert [result.experiment_id for result in summary.results] == ["fixed"]
    assert [*summary.failures] == ["adaptive"]
    assert any(message.startswith("experiment adaptive: no results: Found damaged files") for message in messages)


@pytest.mark.parametrize("content", [b"PAR1", b"PAR1" + bytes(40) + b"PAR1"])
def test_damaged_decisions_are_reported_and_end_no_run(shop: Path, tmp_path: Path, content: bytes) -> None:
    folder = copy_of(shop, tmp_path)
    (folder / "home/history/decisions.parquet").write_bytes(content)
    assert {"adaptive", "fixed"} <= {*learn.run(context(folder)).failures}


def test_a_home_without_experiments_learns_nothing(shop: Path, tmp_path: Path) -> None:
    folder = copy_of(shop, tmp_path)
    shutil.rmtree(folder / "home/experiments")
    assert learn.run(context(folder)).results == ()
    assert not (folder / "home/experiments").exists()


def test_the_whole_pipeline_learns_after_ingesting_and_before_it_computes_features(shop: Path, tmp_path: Path) -> None:
    folder = copy_of(shop, tmp_path)
    home, now = Home(folder / "home"), start_of_day(shops.day(TODAY), shops.ZONE)

    def stop(message: str) -> None:
        if message.startswith("experiment fixed: decided"):
            raise Killed

    with pytest.raises(Killed):
        run.run(read_shop_config(folder / "flywheel.toml"), home, shops.day(TODAY), now, stop)
    assert (home.folder / "experiments/fixed/results.json").is_file()
    assert not home.features.exists()
