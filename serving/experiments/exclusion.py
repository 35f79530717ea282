"""Exclusion groups: experiments with one ``excludes`` split the customers, and never share one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from features.arrays import Booleans
from serving.experiments.decision_log import DecisionLog
from training.experiments.record.assignment import decision_ids, group_owners
from training.experiments.record.experiment_folder import ExperimentFolder
from training.experiments.record.started_experiment import StartedExperiment


@dataclass(frozen=True)
class ExclusionGroup:
    """The other experiments with the same ``excludes``, running or not."""

    started: StartedExperiment
    others: tuple[StartedExperiment, ...]
    running: tuple[str, ...]  # the ids of the running ones, this experiment included

    @classmethod
    def of(cls, started: StartedExperiment, folder: ExperimentFolder, day: date) -> ExclusionGroup | None:
        """The group of an experiment on a day of the shop; None without ``excludes``."""
        word = started.record.excludes
        if word is None:
            return None
        others = [other for other in folder.read_all() if other.record.excludes == word and other.id != started.id]
        running = [other.id for other in others if other.status(day) == "running"]
        return cls(started, tuple(others), (started.id, *running))

    def owned_by_others(self, customer_ids: Sequence[str], secret: bytes) -> Booleans:
        """Which of n customers belong to another running experiment, (n,)."""
        owners = group_owners(customer_ids, str(self.started.record.excludes), self.running, secret)
        return np.asarray(owners != 0)

    def decided_by_others(
        self, customer_ids: Sequence[str], secret: bytes, folder: ExperimentFolder, log: DecisionLog
    ) -> Booleans:
        """Which of n customers have a decision in another experiment of the group, running or not, (n,).

        The owners change when an experiment starts or stops, so a customer may have been in another one before.
        """
        is_decided = np.zeros(len(customer_ids), np.bool_)
        for other in self.others:
            numbers = [None] if other.record.sticky else [epoch.number for epoch in folder.epochs(other.id)]
            for number in numbers:
                found = log.find(decision_ids(customer_ids, other.id, secret, number))
                is_decided |= np.array([decision is not None for decision in found], np.bool_)
        return is_decided
