from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.serving.fakes import Shop
from training.experiments.record.experiment import Experiment
from training.experiments.record.experiment_folder import ExperimentFolder
from training.experiments.result_schema import ArmResult, DailyCount, ExperimentResults

PATH = "/v1/experiments/win-back/results"


@pytest.fixture
def folder(tmp_path: Path) -> ExperimentFolder:
    folder = ExperimentFolder(tmp_path)
    record = Experiment.model_validate({
        "id": "win-back",
        "arms": [{"name": "none", "control": True}, {"name": "mail"}],
        "outcome": {"kind": "order", "within_days": 28},
        "ends_on": "2027-04-12",
    })  # fmt: skip
    folder.start(record, 0, "ann")
    return folder


def get(home: Path, path: str = PATH, **headers: str) -> tuple[int, dict[str, Any]]:
    with Shop.of(home=home).client() as client:
        response = client.get(path, headers=headers)
    return response.status_code, response.json() if response.content else {}


def stored_results() -> ExperimentResults:
    return ExperimentResults(
        experiment_id="win-back",
        as_of=date(2027, 3, 20),
        status="not_yet",
        reason="not_mature",
        detail="Found no customer whose 28 days are over.",
        metric="order_28d",
        decided=7,
        matured=0,
        arms=(ArmResult(name="none", control=True, decided=7, matured=0),),
    )


@pytest.mark.usefixtures("folder")
def test_an_experiment_that_no_run_has_judged_has_no_results_yet_and_no_number(tmp_path: Path) -> None:
    status, answer = get(tmp_path)
    assert (status, answer["status"], answer["reason"]) == (200, "not_yet", "not_mature")
    assert answer["detail"] == "Found no results yet; expected those of a nightly run: `flywheel learn` makes them."
    assert (answer["decided"], answer["arms"]) == (None, [])


def test_a_refusal_is_an_answer(folder: ExperimentFolder, tmp_path: Path) -> None:
    folder.write_results("win-back", stored_results().model_dump(mode="json"))
    status, answer = get(tmp_path)
    assert status == 200
    assert ExperimentResults.model_validate(answer, strict=False) == stored_results()


def test_the_counts_of_a_day_which_may_be_one_customer_are_in_no_answer(
    folder: ExperimentFolder, tmp_path: Path
) -> None:
    alone = DailyCount(day=date(2027, 1, 4), arm="none", decided=1, matured=1, total=19.9, squares=396.01)
    stored = stored_results().model_copy(update={"daily": (alone,)})
    folder.write_results("win-back", stored.model_dump(mode="json"))
    status, answer = get(tmp_path)
    assert (status, answer["decided"]) == (200, 7)
    assert "daily" not in answer
    assert "19.9" not in str(answer)


@pytest.mark.usefixtures("folder")
def test_an_unknown_experiment_is_not_found(tmp_path: Path) -> None:
    status, answer = get(tmp_path, "/v1/experiments/other/results")
    assert status == 404
    assert answer["detail"].startswith("Found no experiment 'other'")


@pytest.mark.parametrize("damaged", ["{", '{"status": "ended"}'])
@pytest.mark.usefixtures("folder")
def test_damaged_results_are_not_answered(tmp_path: Path, damaged: str) -> None:
    (tmp_path / "experiments/win-back/results.json").write_text(damaged)
    assert get(tmp_path)[0] == 503


@pytest.mark.usefixtures("folder")
def test_a_copy_that_is_current_is_not_sent_again(tmp_path: Path) -> None:
    with Shop.of(home=tmp_path).client() as client:
        tag = client.get(PATH).headers["etag"]
        assert client.get(PATH, headers={"If-None-Match": tag}).status_code == 304
