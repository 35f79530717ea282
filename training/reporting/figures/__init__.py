"""Figures: pure functions of arrays that return matplotlib figures; they implement ``training.model.Charts``."""

from training.reporting.figures.all_tiers import all_tiers
from training.reporting.figures.churn_rules import rules_precision_recall
from training.reporting.figures.importance import importance
from training.reporting.figures.probability import coverage, reliability, survival
from training.reporting.figures.ranking import cumulative_gains, deciles
from training.reporting.figures.release import band_changes, paired_gains

__all__ = [
    "all_tiers",
    "band_changes",
    "coverage",
    "cumulative_gains",
    "deciles",
    "importance",
    "paired_gains",
    "reliability",
    "rules_precision_recall",
    "survival",
]
