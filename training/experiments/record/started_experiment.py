"""Started experiment: the record with the changes since its start: stopped, an arm taken out, extended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from training.experiments.record.experiment import Experiment, ExperimentModel, Name

ChangeKind = Literal["start", "stop", "remove_arm", "extend"]
ExperimentStatus = Literal["running", "stopped", "ended"]


class Change(ExperimentModel):
    """A change of an experiment: one line of ``changes.jsonl``, the first of which is the start."""

    kind: ChangeKind
    at: int
    """When it was made, microseconds since 1970 UTC by the clock of the machine."""
    actor: str
    """Who made it, as the audit log names them."""
    arm: Name | None = None
    """The arm that was taken out."""
    ends_on: date | None = None
    """The new end of an extension."""


@dataclass(frozen=True, kw_only=True)
class StartedExperiment:
    """Started experiment: the record as it was declared, and every change to it in order."""

    record: Experiment
    changes: tuple[Change, ...]

    @property
    def id(self) -> str:
        """The id of the experiment."""
        return self.record.id

    @property
    def started_at(self) -> int:
        """When it started, microseconds since 1970 UTC."""
        return self.changes[0].at

    @property
    def stopped_at(self) -> int | None:
        """When it was stopped, microseconds since 1970 UTC; None unless it was."""
        return next((change.at for change in self.changes if change.kind == "stop"), None)

    @property
    def removed_arms(self) -> tuple[str, ...]:
        """The arms that were taken out, the first one first."""
        return tuple(change.arm for change in self.changes if change.kind == "remove_arm" and change.arm is not None)

    @property
    def ends_on(self) -> date:
        """The day at whose beginning it ends, after the extensions."""
        return self._ends[-1]

    @property
    def looks(self) -> tuple[date, ...]:
        """The declared looks before the end, ascending; each end that an extension replaced is one of them."""
        return tuple(sorted({*self.record.looks, *self._ends[:-1]}))

    def has(self, change: Change) -> bool:
        """Whether it already is as a change makes it: stopped, without the arm, or with the end."""
        match change.kind:
            case "stop":
                return self.stopped_at is not None
            case "remove_arm":
                return change.arm in self.removed_arms
        return change.kind == "extend" and change.ends_on == self.ends_on

    @property
    def _ends(self) -> tuple[date, ...]:
        extensions = (change.ends_on for change in self.changes if change.kind == "extend")
        return (self.record.ends_on, *(day for day in extensions if day is not None))

    def status(self, day: date) -> ExperimentStatus:
        """Whether arms are drawn on a day of the shop: it ends at the beginning of ``ends_on``."""
        if self.stopped_at is not None:
            return "stopped"
        return "ended" if day >= self.ends_on else "running"
