"""Experiment service: plans, starts, lists and changes the experiments of one home; each change is audited."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from features.calendar import instant
from serving.audiences.consent_filter import ConsentFilter
from serving.audiences.errors import AudienceTooSmall, InvalidAudienceRequest
from serving.experiments.customer_pool import CustomerPool
from serving.experiments.decision_time import DecisionTime
from serving.experiments.planning import Planning
from serving.experiments.screening import Secrets
from serving.observability.audit_log import EXPERIMENT_CHANGED, EXPERIMENT_STARTED, AuditLog
from serving.schemas.experiments import EpochResponse, ExperimentPlan, ExperimentResponse, PlannedExperiment
from training.experiments.record.experiment import Experiment
from training.experiments.record.experiment_folder import ExperimentConflict, ExperimentFolder, check_id
from training.experiments.record.started_experiment import Change, StartedExperiment


@dataclass(frozen=True, kw_only=True)
class ExperimentService:
    """The life of the experiments of one home."""

    home: Path
    folder: ExperimentFolder
    pool: CustomerPool
    consent_filter: ConsentFilter
    audit_log: AuditLog
    secrets: Secrets

    def plan(self, record: Experiment, time: DecisionTime, smallest_audience: int) -> ExperimentPlan:
        """What an experiment can show; nothing is started.

        Raises:
            InvalidAudienceRequest: the record does not fit the scores table, or ends in the past.
            InvalidScores: there is no scores table.
        """
        if record.id not in self.folder.ids():
            _check_end(record.ends_on, time.day)
        others = (started for started in self.folder.read_all() if started.id != record.id)
        return Planning(
            record=record,
            running=[started for started in others if started.status(time.day) == "running"],
            scored=self.pool.current(),
            consent_filter=self.consent_filter,
            home=self.home,
            secrets=self.secrets,
            time=time,
            smallest_audience=smallest_audience,
        ).plan()

    def start(self, record: Experiment, time: DecisionTime, smallest_audience: int, actor: str) -> PlannedExperiment:
        """Start an experiment, and return its plan of before; the same record again changes nothing.

        Raises:
            InvalidAudienceRequest: the record does not fit the scores table, or ends in the past.
            AudienceTooSmall: so few customers are eligible that an arm would tell a caller about each of them.
            ExperimentConflict: another record has the id.
            AuditWriteFailed: the start cannot be audited; then nothing is started.
        """
        plan, is_new = self.plan(record, time, smallest_audience), record.id not in self.folder.ids()
        if plan.eligible is None and is_new:
            raise AudienceTooSmall(
                f"Found fewer than {smallest_audience} eligible customers; expected more, or a key with the scope "
                "admin. Widen the filter."
            )
        if is_new:
            check_id(record.id)
            self.audit_log.append(EXPERIMENT_STARTED, actor, time.machine_now, experiment=record.id)
        started = self.folder.start(record, time.machine_now, actor)
        return PlannedExperiment(plan=plan, experiment=self.describe(started, time))

    def list_all(self, time: DecisionTime) -> list[ExperimentResponse]:
        """All experiments, the first started first."""
        return [self.describe(started, time) for started in self.folder.read_all()]

    def read(self, experiment_id: str, time: DecisionTime) -> ExperimentResponse:
        """One experiment.

        Raises:
            NotFound: there is no such experiment.
        """
        return self.describe(self.folder.read(experiment_id), time)

    def stop(self, experiment_id: str, time: DecisionTime, actor: str) -> ExperimentResponse:
        """Stop an experiment for good; one that is stopped stays as it is.

        Raises:
            NotFound: there is no such experiment.
        """
        started = self.folder.read(experiment_id)
        if started.stopped_at is None:
            started = self._change(started, Change(kind="stop", at=time.machine_now, actor=actor))
        return self.describe(started, time)

    def remove_arm(self, experiment_id: str, arm: str, time: DecisionTime, actor: str) -> ExperimentResponse:
        """Take an arm out: nobody gets it any more, and the others share its customers in proportion.

        Raises:
            NotFound: there is no such experiment.
            ExperimentConflict: it has no such arm, the arm is the control, or one arm would be left.
        """
        started = self.folder.read(experiment_id)
        if arm not in started.removed_arms:
            _check_removal(started, arm)
            change = Change(kind="remove_arm", at=time.machine_now, actor=actor, arm=arm)
            started = self._change(started, change, lambda current: _check_removal(current, arm))
        return self.describe(started, time)

    def extend(self, experiment_id: str, ends_on: date, time: DecisionTime, actor: str) -> ExperimentResponse:
        """Move the end to a later day; the former end becomes a declared look.

        Raises:
            NotFound: there is no such experiment.
            InvalidAudienceRequest: the day is not after the end, or not after today.
            ExperimentConflict: the experiment was stopped or has ended.
        """
        started = self.folder.read(experiment_id)
        if started.ends_on != ends_on:
            _check_extension(started, ends_on, time.day)
            change = Change(kind="extend", at=time.machine_now, actor=actor, ends_on=ends_on)
            started = self._change(started, change, lambda current: _check_extension(current, ends_on, time.day))
        return self.describe(started, time)

    def describe(self, started: StartedExperiment, time: DecisionTime) -> ExperimentResponse:
        """An experiment as the service answers it."""
        epoch, arms = self.folder.epochs(started.id)[-1], started.record.arm_names
        return ExperimentResponse(
            id=started.id,
            status=started.status(time.day),
            started_at=instant(started.started_at),
            stopped_at=None if started.stopped_at is None else instant(started.stopped_at),
            ends_on=started.ends_on,
            looks=list(started.looks),
            removed_arms=list(started.removed_arms),
            epoch=EpochResponse(
                number=epoch.number,
                began_at=instant(epoch.began_at),
                reason=epoch.reason,
                probabilities={
                    segment: dict(zip(arms, values, strict=True)) for segment, values in epoch.probabilities.items()
                },
            ),
            record=started.record,
        )

    def _change(
        self, started: StartedExperiment, change: Change, check: Callable[[StartedExperiment], None] | None = None
    ) -> StartedExperiment:
        """Make a change; its audit line comes after a stop, which must never wait for one, and else before it.

        ``check`` is asked again when no other writer can come between.
        """
        fields = change.model_dump(mode="json", include={"kind", "arm", "ends_on"}, exclude_none=True)
        line = {"experiment": started.id, "change": fields.pop("kind"), **fields}
        if change.kind == "stop":
            changed = self.folder.append_change(started.id, change)
            self.audit_log.append_done(EXPERIMENT_CHANGED, change.actor, change.at, **line)
            return changed
        self.audit_log.append(EXPERIMENT_CHANGED, change.actor, change.at, **line)
        return self.folder.append_change(started.id, change, check)


def _check_end(ends_on: date, after: date) -> None:
    if ends_on <= after:
        raise InvalidAudienceRequest.for_field(
            "ends_on", f"Found {ends_on}; expected a day after {after}. Choose a later one."
        )


def _check_removal(started: StartedExperiment, arm: str) -> None:
    record, removed = started.record, started.removed_arms
    if arm not in record.arm_names:
        raise ExperimentConflict(
            f"Found no arm {arm!r} in the experiment {started.id}; expected one of {', '.join(record.arm_names)}."
        )
    if record.control is not None and arm == record.arm_names[record.control]:
        raise ExperimentConflict(
            f"Found the control {arm}; expected another arm, since effects are differences from it. Stop the "
            "experiment instead."
        )
    if len(record.arms) - len(removed) <= 2:
        raise ExperimentConflict(
            f"Found two arms left in the experiment {started.id}; expected more, since a comparison takes two. Stop "
            "the experiment instead."
        )


def _check_extension(started: StartedExperiment, ends_on: date, today: date) -> None:
    if started.status(today) == "ended":
        raise ExperimentConflict(
            f"Found the experiment {started.id} ended on {started.ends_on}; expected a running one, since its last "
            "look was taken. Start another experiment."
        )
    _check_end(ends_on, max(today, started.ends_on))
