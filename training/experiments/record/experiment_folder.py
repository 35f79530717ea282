"""Experiment folder: the records, changes, epochs and results of a home's experiments, as files of JSON.

``experiments/<id>.json`` is the record as it was declared. The folder ``experiments/<id>`` has the changes and the
epochs, one line each, and the newest results. Every file is replaced as a whole, so that readers need no lock; writers
take the lock of the folder for milliseconds, and never the write lock of the home.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
from pydantic import ValidationError

from features.errors import FlywheelError, NotFound, StoreDamaged
from features.storage.atomic_files import create_private, replace_private
from training.experiments.record.epochs import Epoch, check_probabilities, first_epoch, parse_epochs, without_arms
from training.experiments.record.experiment import ID_PATTERN, Experiment
from training.experiments.record.folder_lock import hold_folder_lock
from training.experiments.record.started_experiment import Change, StartedExperiment

FOLDER, CHANGES_FILE, EPOCHS_FILE, RESULTS_FILE = "experiments", "changes.jsonl", "epochs.jsonl", "results.json"
_RECORD_SUFFIX = ".json"
MAX_PARSED = 16_384  # experiments whose files stay parsed; some kilobytes each


class ExperimentConflict(FlywheelError):
    """The change does not fit the experiment as it is: another record has the id, or it was stopped."""


def check_id(experiment_id: str) -> None:
    """Check that an id names no file of another experiment.

    Raises:
        ExperimentConflict: it ends like the file of a record.
    """
    if experiment_id.endswith(_RECORD_SUFFIX):
        raise ExperimentConflict(
            f"Found the id {experiment_id}; expected one that does not end in {_RECORD_SUFFIX}. Choose another."
        )


class ExperimentFolder:
    """The experiments of one home."""

    def __init__(self, home: Path) -> None:
        self._folder = home / FOLDER

    def ids(self) -> list[str]:
        """The ids of all experiments, ascending; a file whose name is no id, such as a copy, is none of them."""
        names = (path.name.removesuffix(_RECORD_SUFFIX) for path in self._folder.glob(f"*{_RECORD_SUFFIX}"))
        return sorted(name for name in names if re.fullmatch(ID_PATTERN, name))

    def read(self, experiment_id: str) -> StartedExperiment:
        """The record of an experiment, with the changes since its start.

        Raises:
            NotFound: there is no such experiment.
            StoreDamaged: its files are not as they were written.
        """
        record = _read(self._record_path(experiment_id))
        if record is None:
            raise _not_found(experiment_id)
        return _parse_started(record, _read(self._path(experiment_id, CHANGES_FILE)) or b"")

    def read_all(self) -> list[StartedExperiment]:
        """All experiments, the first started first."""
        return sorted(map(self.read, self.ids()), key=lambda started: (started.started_at, started.id))

    def epochs(self, experiment_id: str) -> list[Epoch]:
        """The epochs of an experiment, the first one first.

        Raises:
            NotFound: there is no such experiment.
            StoreDamaged: the file is not as it was written.
        """
        arms = self.read(experiment_id).record.arm_names
        return list(_parse_epochs(_read(self._path(experiment_id, EPOCHS_FILE)) or b"", arms))

    def start(self, record: Experiment, at: int, actor: str) -> StartedExperiment:
        """Write the record of a new experiment; the same record again changes nothing.

        Raises:
            ExperimentConflict: there is an experiment with the id and another record, or as ``check_id``.
            StoreUnavailable: the folder cannot be written.
        """
        check_id(record.id)
        with hold_folder_lock(self._folder):
            path = self._record_path(record.id)
            if not path.exists():
                (self._folder / record.id).mkdir(exist_ok=True)
                change = Change(kind="start", at=at, actor=actor)
                replace_private(self._path(record.id, CHANGES_FILE), _line(change.model_dump(mode="json")))
                replace_private(self._path(record.id, EPOCHS_FILE), _line(asdict(first_epoch(record, at))))
                create_private(path, record.model_dump_json(indent=1).encode())
            started = self.read(record.id)
        if started.record != record:
            raise ExperimentConflict(
                f"Found the experiment {record.id} with another record; expected the same, since a record is frozen "
                "from its start. Choose another id."
            )
        return started

    def append_change(
        self, experiment_id: str, change: Change, check: Callable[[StartedExperiment], None] | None = None
    ) -> StartedExperiment:
        """Append a change; an arm that is taken out begins an epoch. A change that was made before is not repeated.

        The epoch is written first: a process that is killed between the two leaves an arm that nobody gets, and that
        can still be taken out.

        Args:
            experiment_id: the id.
            change: what to append.
            check: raises what speaks against the change of the experiment as it is then; no other writer comes between.

        Raises:
            NotFound: there is no such experiment.
            ExperimentConflict: it was stopped before, or no arm would be left.
            StoreUnavailable: the folder cannot be written.
        """
        with hold_folder_lock(self._folder):
            started = self.read(experiment_id)
            if started.has(change):
                return started
            if started.stopped_at is not None:
                raise ExperimentConflict(
                    f"Found the experiment {experiment_id} stopped; expected a running one. Start another experiment."
                )
            if check is not None:
                check(started)
            if change.kind == "remove_arm":
                self._begin_epoch_without(started, change)
            self._append(self._path(experiment_id, CHANGES_FILE), change.model_dump(mode="json"))
            return self.read(experiment_id)

    def append_epoch(self, experiment_id: str, epoch: Epoch) -> Epoch:
        """Append an epoch, and return it as it is stored: arms that were taken out have probability 0.

        Raises:
            NotFound: there is no such experiment.
            ValueError: its number does not follow the last one, or its probabilities are none.
            StoreUnavailable: the folder cannot be written.
        """
        with hold_folder_lock(self._folder):
            started = self.read(experiment_id)
            return self._append_epoch(started, epoch, started.removed_arms)

    def results(self, experiment_id: str) -> dict[str, Any] | None:
        """The newest results as JSON; None before the first.

        Raises:
            NotFound: there is no such experiment.
        """
        self._record_path(experiment_id)
        path = self._path(experiment_id, RESULTS_FILE)
        results: dict[str, Any] | None = orjson.loads(path.read_bytes()) if path.is_file() else None
        return results

    def write_results(self, experiment_id: str, results: Mapping[str, Any]) -> None:
        """Replace the results of an experiment.

        Raises:
            NotFound: there is no such experiment.
        """
        self.read(experiment_id)
        replace_private(self._path(experiment_id, RESULTS_FILE), orjson.dumps(dict(results)))

    def _begin_epoch_without(self, started: StartedExperiment, change: Change) -> None:
        last = self.epochs(started.id)[-1]
        epoch = replace(last, number=last.number + 1, began_at=change.at, reason="arm_removed")
        try:
            self._append_epoch(started, epoch, (*started.removed_arms, str(change.arm)))
        except ValueError as error:
            raise ExperimentConflict(str(error)) from None

    def _append_epoch(self, started: StartedExperiment, epoch: Epoch, removed: Collection[str]) -> Epoch:
        last, arms = self.epochs(started.id)[-1], started.record.arm_names
        if epoch.number != last.number + 1:
            raise ValueError(f"Found the epoch {epoch.number} after {last.number}; expected {last.number + 1}.")
        check_probabilities(epoch.probabilities, arms)
        stored = without_arms(epoch, arms, removed)
        self._append(self._path(started.id, EPOCHS_FILE), asdict(stored))
        return stored

    def _append(self, path: Path, fields: Mapping[str, Any]) -> None:
        replace_private(path, path.read_bytes() + _line(fields))

    def _record_path(self, experiment_id: str) -> Path:
        if not re.fullmatch(ID_PATTERN, experiment_id):
            raise _not_found(experiment_id)
        return self._folder / f"{experiment_id}{_RECORD_SUFFIX}"

    def _path(self, experiment_id: str, name: str) -> Path:
        if not re.fullmatch(ID_PATTERN, experiment_id):
            raise _not_found(experiment_id)
        return self._folder / experiment_id / name


def _read(path: Path) -> bytes | None:
    """The bytes of a file; None where there is none."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _damaged_files(error) from None


@lru_cache(maxsize=MAX_PARSED)
def _parse_started(record: bytes, changes: bytes) -> StartedExperiment:
    try:
        parsed = Experiment.model_validate_json(record)
        lines = tuple(Change.model_validate_json(line) for line in changes.splitlines())
    except ValidationError as error:
        raise _damaged_files(error) from None
    if not lines:
        raise _damaged_files("no line")
    return StartedExperiment(record=parsed, changes=lines)


@lru_cache(maxsize=MAX_PARSED)
def _parse_epochs(lines: bytes, arms: tuple[str, ...]) -> tuple[Epoch, ...]:
    try:
        return parse_epochs(lines, arms)
    except ValueError as error:
        raise _damaged_files(error) from None


def _damaged_files(error: object) -> StoreDamaged:
    return StoreDamaged(
        f"Found damaged files of an experiment ({error}); expected them as they were written. Restore the home from a "
        "backup: `flywheel restore`."
    )


def _not_found(experiment_id: str) -> NotFound:
    return NotFound(
        f"Found no experiment {experiment_id!r}; expected the id of a started one. `flywheel experiment list` has them."
    )


def _line(fields: Mapping[str, Any]) -> bytes:
    return orjson.dumps(dict(fields)) + b"\n"
