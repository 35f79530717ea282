"""Experiment results schema: the answer about an experiment, which is a refusal as long as nothing is identified."""

from __future__ import annotations

from training.experiments.result_schema import ExperimentResults


class ExperimentResultsResponse(ExperimentResults):
    """The results of an experiment as of the last `flywheel learn`; a refusal has a reason and no number."""
