"""Experiment results schema: the answer about an experiment, which is a refusal as long as nothing is identified."""

from __future__ import annotations

from datetime import date

from training.experiments.record.experiment import Experiment
from training.experiments.result_schema import ExperimentResults, StatedResults


class ExperimentResultsResponse(StatedResults):
    """The results of an experiment as of the last `flywheel learn`; a refusal has a reason and no number."""

    @classmethod
    def from_results(cls, results: ExperimentResults) -> ExperimentResultsResponse:
        """The answer with the newest results."""
        return cls.model_validate(results.model_dump(exclude={"daily"}))

    @classmethod
    def before_the_first(cls, experiment: Experiment, today: date) -> ExperimentResultsResponse:
        """The answer about an experiment that no run has judged yet."""
        return cls(
            experiment_id=experiment.id,
            as_of=today,
            status="not_yet",
            reason="not_mature",
            detail="Found no results yet; expected those of a nightly run: `flywheel learn` makes them.",
            metric=experiment.outcome.label,
            decided=None,
            matured=None,
            arms=(),
        )
