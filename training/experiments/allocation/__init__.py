"""Allocation: the probabilities of an adaptive experiment's arms, learned from the outcomes so far."""

from training.experiments.allocation.next_probabilities import next_probabilities
from training.experiments.allocation.report import report_allocation

__all__ = ["next_probabilities", "report_allocation"]
