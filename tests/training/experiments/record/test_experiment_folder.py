"""Experiment folder: a record is frozen from its start, and its later changes are kept in order."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from datetime import date
from pathlib import Path
from threading import Thread

import pytest

from features.errors import NotFound, StoreDamaged, StoreUnavailable
from features.storage.atomic_files import replace_private
from tests.training.experiments.records import experiment
from training.experiments.record import experiment_folder
from training.experiments.record.epochs import Epoch
from training.experiments.record.experiment_folder import ExperimentConflict, ExperimentFolder
from training.experiments.record.folder_lock import hold_folder_lock
from training.experiments.record.started_experiment import Change, StartedExperiment


class FullDisk:
    """The writing of files on a disk that has room for some."""

    def __init__(self, writes: int) -> None:
        self._room = iter(range(writes))

    def __call__(self, path: Path, content: bytes) -> None:
        if next(self._room, None) is None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        replace_private(path, content)


THREE_ARMS = [{"name": "none", "control": True}, {"name": "five", "share": None}, {"name": "ten"}]


@pytest.fixture
def folder(tmp_path: Path) -> ExperimentFolder:
    return ExperimentFolder(tmp_path)


def test_a_started_experiment_has_its_record_and_a_first_epoch(folder: ExperimentFolder) -> None:
    record = experiment()
    started = folder.start(record, 5, "cli")
    assert folder.read("win-back") == started
    assert (started.record, started.started_at, started.stopped_at, started.removed_arms) == (record, 5, None, ())
    assert (started.ends_on, started.looks) == (date(2027, 4, 12), ())
    assert folder.epochs("win-back") == [Epoch(number=1, began_at=5, probabilities={"": (0.5, 0.5)})]
    assert folder.ids() == ["win-back"]


def test_the_same_record_again_changes_nothing(folder: ExperimentFolder) -> None:
    folder.start(experiment(), 5, "cli")
    assert folder.start(experiment(), 9, "else").started_at == 5


def test_a_record_is_frozen_from_its_start(folder: ExperimentFolder) -> None:
    folder.start(experiment(), 5, "cli")
    with pytest.raises(ExperimentConflict, match=r"a record is frozen from its start\. Choose another id"):
        folder.start(experiment(ends_on="2027-05-01"), 6, "cli")


def test_of_two_that_start_one_id_at_once_one_is_refused(folder: ExperimentFolder) -> None:
    outcomes: list[str] = []

    def start(end: str) -> None:
        try:
            folder.start(experiment(ends_on=end), 5, end)
            outcomes.append("started")
        except ExperimentConflict:
            outcomes.append("refused")

    threads = [Thread(target=start, args=(f"2027-05-0{day}",)) for day in range(1, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["refused"] * 5 + ["started"]
    started = folder.read("win-back")
    assert started.changes[0].actor == started.record.ends_on.isoformat()


def test_an_arm_that_is_taken_out_begins_an_epoch_without_it(folder: ExperimentFolder) -> None:
    folder.start(experiment(arms=THREE_ARMS), 5, "cli")
    started = folder.append_change("win-back", Change(kind="remove_arm", at=8, actor="cli", arm="ten"))
    assert started.removed_arms == ("ten",)
    assert folder.epochs("win-back")[1] == Epoch(
        number=2, began_at=8, probabilities={"": (0.5, 0.5, 0.0)}, reason="arm_removed"
    )


@pytest.mark.parametrize("writes", [0, 1])
def test_an_arm_whose_removal_failed_halfway_is_drawn_by_nobody_or_can_go_again(
    folder: ExperimentFolder, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    folder.start(experiment(arms=THREE_ARMS), 5, "cli")
    change = Change(kind="remove_arm", at=8, actor="cli", arm="ten")
    with monkeypatch.context() as disk:
        disk.setattr(experiment_folder, "replace_private", FullDisk(writes))
        with pytest.raises(StoreUnavailable, match=r"not writable \(No space left on device\); expected room"):
            folder.append_change("win-back", change)
    assert folder.read("win-back").removed_arms == ()
    assert (folder.epochs("win-back")[-1].for_segment(None)[2] == 0) == (writes == 1)
    assert folder.append_change("win-back", change).removed_arms == ("ten",)
    assert folder.epochs("win-back")[-1].for_segment(None) == (0.5, 0.5, 0.0)


def test_a_start_on_a_full_disk_leaves_no_experiment(folder: ExperimentFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as disk:
        disk.setattr(experiment_folder, "replace_private", FullDisk(1))
        with pytest.raises(StoreUnavailable):
            folder.start(experiment(), 5, "cli")
    assert folder.ids() == []
    assert folder.start(experiment(), 6, "cli").started_at == 6


def test_a_change_that_was_made_before_is_not_repeated(folder: ExperimentFolder) -> None:
    folder.start(experiment(arms=THREE_ARMS), 5, "cli")
    for change in (
        Change(kind="remove_arm", at=8, actor="cli", arm="ten"),
        Change(kind="extend", at=8, actor="cli", ends_on=date(2027, 5, 1)),
        Change(kind="stop", at=8, actor="cli"),
    ):
        assert folder.append_change("win-back", change) == folder.append_change("win-back", change)
    assert len(folder.epochs("win-back")) == 2


def test_no_writer_comes_between_the_check_of_a_change_and_the_change(folder: ExperimentFolder) -> None:
    folder.start(experiment(arms=THREE_ARMS), 5, "cli")

    def refuse(started: StartedExperiment) -> None:
        if started.removed_arms:
            raise ExperimentConflict("two arms are left")

    def remove(arm: str) -> None:
        with suppress(ExperimentConflict):
            folder.append_change("win-back", Change(kind="remove_arm", at=8, actor="cli", arm=arm), refuse)

    threads = [Thread(target=remove, args=(arm,)) for arm in ("five", "ten") * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(folder.read("win-back").removed_arms) == 1


def test_the_last_arm_is_not_taken_out(folder: ExperimentFolder) -> None:
    folder.start(experiment(), 5, "cli")
    folder.append_change("win-back", Change(kind="remove_arm", at=8, actor="cli", arm="none"))
    with pytest.raises(ExperimentConflict, match="Found no arm left with a probability"):
        folder.append_change("win-back", Change(kind="remove_arm", at=8, actor="cli", arm="ten-percent"))
    assert folder.read("win-back").removed_arms == ("none",)


def test_an_arm_that_was_taken_out_stays_out_of_later_epochs(folder: ExperimentFolder) -> None:
    folder.start(experiment(arms=THREE_ARMS), 5, "cli")
    folder.append_change("win-back", Change(kind="remove_arm", at=8, actor="cli", arm="ten"))
    learned = {"": (0.2, 0.3, 0.5), "gold": (0.1, 0.1, 0.8)}
    stored = folder.append_epoch("win-back", Epoch(number=3, began_at=9, probabilities=learned, reason="nightly"))
    assert stored.for_segment("gold") == pytest.approx((0.5, 0.5, 0.0))
    assert stored.for_segment("silver") == pytest.approx((0.4, 0.6, 0.0))
    assert folder.epochs("win-back")[-1] == stored


@pytest.mark.parametrize(
    ("number", "probabilities", "message"),
    [
        (4, {"": (0.5, 0.5)}, "Found the epoch 4 after 1; expected 2"),
        (2, {"gold": (0.5, 0.5)}, 'Found no probabilities for the segment ""'),
        (2, {"": (0.5, 0.6)}, "Found the probabilities 0.5, 0.6 for the segment ''; expected 2 numbers from 0 to 1"),
        (2, {"": (0.5, 0.25, 0.25)}, "expected 2 numbers"),
    ],
)
def test_an_epoch_that_is_none_is_refused(
    folder: ExperimentFolder, number: int, probabilities: dict[str, tuple[float, ...]], message: str
) -> None:
    folder.start(experiment(), 5, "cli")
    with pytest.raises(ValueError, match=message):
        folder.append_epoch("win-back", Epoch(number=number, began_at=9, probabilities=probabilities))


def test_an_extension_makes_the_former_end_a_declared_look(folder: ExperimentFolder) -> None:
    folder.start(experiment(looks=["2027-03-15"]), 5, "cli")
    started = folder.append_change("win-back", Change(kind="extend", at=7, actor="cli", ends_on=date(2027, 5, 1)))
    assert started.ends_on == date(2027, 5, 1)
    assert started.looks == (date(2027, 3, 15), date(2027, 4, 12))
    assert started.status(date(2027, 4, 30)) == "running"
    assert started.status(date(2027, 5, 1)) == "ended"


def test_a_stopped_experiment_takes_no_change(folder: ExperimentFolder) -> None:
    folder.start(experiment(), 5, "cli")
    stopped = folder.append_change("win-back", Change(kind="stop", at=6, actor="cli"))
    assert (stopped.stopped_at, stopped.status(date(2027, 1, 1))) == (6, "stopped")
    with pytest.raises(ExperimentConflict, match="Found the experiment win-back stopped; expected a running one"):
        folder.append_change("win-back", Change(kind="extend", at=7, actor="cli", ends_on=date(2027, 5, 1)))


def test_results_are_replaced_as_a_whole(folder: ExperimentFolder) -> None:
    folder.start(experiment(), 5, "cli")
    assert folder.results("win-back") is None
    folder.write_results("win-back", {"n": 1})
    folder.write_results("win-back", {"m": 2})
    assert folder.results("win-back") == {"m": 2}


@pytest.mark.parametrize("experiment_id", ["nobody", "../secret", "", "A", "win-back/epochs"])
def test_an_id_of_no_experiment_is_not_found(folder: ExperimentFolder, experiment_id: str) -> None:
    folder.start(experiment(), 5, "cli")
    for read in (folder.read, folder.epochs, folder.results):
        if experiment_id != "nobody" or read != folder.results:
            with pytest.raises(NotFound, match="expected the id of a started one"):
                read(experiment_id)


def test_a_damaged_record_is_said_to_be_damaged(folder: ExperimentFolder, tmp_path: Path) -> None:
    folder.start(experiment(), 5, "cli")
    (tmp_path / "experiments" / "win-back.json").write_text("{")
    with pytest.raises(StoreDamaged, match="Found damaged files of an experiment"):
        folder.read("win-back")


@pytest.mark.parametrize("name", ["changes.jsonl", "epochs.jsonl"])
def test_a_lost_file_is_no_lost_experiment(folder: ExperimentFolder, tmp_path: Path, name: str) -> None:
    folder.start(experiment(), 5, "cli")
    (tmp_path / "experiments" / "win-back" / name).unlink()
    with pytest.raises(StoreDamaged):
        folder.epochs("win-back")


def test_a_folder_in_place_of_a_record_is_damage(folder: ExperimentFolder, tmp_path: Path) -> None:
    (tmp_path / "experiments" / "win-back.json").mkdir(parents=True)
    with pytest.raises(StoreDamaged, match="Is a directory"):
        folder.read_all()


def test_a_file_whose_name_is_no_id_is_no_experiment(folder: ExperimentFolder, tmp_path: Path) -> None:
    folder.start(experiment(), 5, "cli")
    (tmp_path / "experiments" / "Copy of win-back.json").write_text("{}")
    assert folder.ids() == ["win-back"]


@pytest.mark.parametrize(
    "lines",
    [
        "",
        "1",
        '{"number":1,"began_at":1,"probabilities":[]}',
        '{"number":1,"began_at":1,"probabilities":{}}',
        '{"number":1,"began_at":1,"probabilities":{"":[0.5]}}',
        '{"number":1,"began_at":1,"probabilities":{"":[0.0,0.0]}}',
        '{"number":1,"began_at":1,"probabilities":{"":["a","b"]}}',
        '{"number":1,"began_at":"x","probabilities":{"":[0.5,0.5]}}',
        '{"number":2,"began_at":1,"probabilities":{"":[0.5,0.5]}}',
    ],
)
def test_damaged_epochs_draw_no_arm(folder: ExperimentFolder, tmp_path: Path, lines: str) -> None:
    folder.start(experiment(), 5, "cli")
    (tmp_path / "experiments" / "win-back" / "epochs.jsonl").write_text(lines)
    with pytest.raises(StoreDamaged, match="Found damaged files of an experiment"):
        folder.epochs("win-back")


def test_a_writer_waits_for_another_one_and_not_forever(tmp_path: Path) -> None:
    message = r"locked by another writer for 0\.05 s"
    with hold_folder_lock(tmp_path), pytest.raises(StoreUnavailable, match=message), hold_folder_lock(tmp_path, 0.05):
        pass


def test_an_id_that_would_name_a_record_is_refused(folder: ExperimentFolder) -> None:
    with pytest.raises(ExperimentConflict, match=r"expected one that does not end in \.json"):
        folder.start(experiment(id="a.json"), 5, "cli")
