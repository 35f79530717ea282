"""What a reviewer would rather look at than read: pure functions of arrays, each a matplotlib figure."""

from training.figures.importance import importance
from training.figures.probability import coverage, reliability, survival
from training.figures.ranking import cumulative_gains, deciles
from training.figures.rules import rules

__all__ = ["coverage", "cumulative_gains", "deciles", "importance", "reliability", "rules", "survival"]
