"""Experiment step: plans, starts and changes experiments like the routes below /v1/experiments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from features.calendar import micros
from features.decisions.backends import open_decisions
from features.errors import FlywheelError
from pipelines.home import Home
from pipelines.steps.audience import open_service
from serving.audiences.errors import InvalidAudienceRequest
from serving.experiments.decision_time import DecisionTime
from serving.experiments.experiment_service import ExperimentService
from serving.experiments.services import ExperimentServices
from serving.observability.audit_log import COMMAND_LINE, AuditLog
from serving.problems import validation_problem
from serving.schemas.experiments import ExperimentPlan, ExperimentResponse, PlannedExperiment
from serving.schemas.predictions import FieldProblem
from training.experiments.record.experiment import Experiment

Result = TypeVar("Result")


class InvalidExperiment(FlywheelError):
    """The record of an experiment is invalid; the message names every invalid field."""


@dataclass(frozen=True)
class ExperimentStep:
    """The experiments of a home, for the command line at one moment."""

    home: Home
    timestamp: datetime

    def plan(self, record: Experiment) -> ExperimentPlan:
        """What an experiment can show; raises InvalidExperiment for a record that does not fit the scores table."""
        return self._call(lambda: self._service.plan(record, self._time, 0))

    def start(self, record: Experiment) -> PlannedExperiment:
        """Start an experiment.

        Raises:
            InvalidExperiment: the record does not fit the scores table.
            ExperimentConflict: another record has the id.
        """
        return self._call(lambda: self._service.start(record, self._time, 0, COMMAND_LINE))

    def list_all(self) -> list[ExperimentResponse]:
        """All experiments, the first started first."""
        return self._service.list_all(self._time)

    def read(self, experiment_id: str) -> ExperimentResponse:
        """One experiment; raises NotFound where there is none with the id."""
        return self._service.read(experiment_id, self._time)

    def stop(self, experiment_id: str) -> ExperimentResponse:
        """Stop an experiment for good; raises NotFound where there is none with the id."""
        return self._service.stop(experiment_id, self._time, COMMAND_LINE)

    def remove_arm(self, experiment_id: str, arm: str) -> ExperimentResponse:
        """Take an arm out; raises ExperimentConflict where that cannot be."""
        return self._service.remove_arm(experiment_id, arm, self._time, COMMAND_LINE)

    def extend(self, experiment_id: str, ends_on: date) -> ExperimentResponse:
        """Move the end to a later day; raises InvalidExperiment for a day that is not later."""
        return self._call(lambda: self._service.extend(experiment_id, ends_on, self._time, COMMAND_LINE))

    @cached_property
    def _service(self) -> ExperimentService:
        folder = self.home.folder
        return ExperimentServices.for_home(
            folder,
            self.home.ledger(),
            AuditLog.open(folder),
            open_service(self.home),
            open_decisions(folder, self.home.online),
        ).experiments

    @cached_property
    def _time(self) -> DecisionTime:
        now = micros(self.timestamp)
        return DecisionTime(now, now, self.home.zone())

    def _call(self, work: Callable[[], Result]) -> Result:
        try:
            return work()
        except InvalidAudienceRequest as invalid:
            raise _invalid_fields(invalid.detail, invalid.errors) from None


def read_record(file: Path) -> Experiment:
    """Return the record in a file.

    Raises:
        InvalidExperiment: the file cannot be read, or is no record.
    """
    try:
        return Experiment.model_validate_json(file.read_bytes())
    except OSError as error:
        raise InvalidExperiment(
            f"{file} cannot be read ({error.strerror}). Expected a file with one JSON object."
        ) from None
    except ValidationError as error:
        faults = error.errors(include_url=False)
    if faults[0]["type"] == "json_invalid":
        raise InvalidExperiment(
            f"{file} is not JSON: {faults[0]['msg'].removeprefix('Invalid JSON: ')}. Correct it at that place."
        )
    problem = validation_problem(faults, Experiment)
    raise _invalid_fields(f"{file}: {problem.detail}", problem.errors)


def _invalid_fields(detail: str, errors: Sequence[FieldProblem]) -> InvalidExperiment:
    reasons = "\n".join(f"  - {error.field}: {error.reason}" for error in errors)
    return InvalidExperiment(f"{detail}\n{reasons}")
