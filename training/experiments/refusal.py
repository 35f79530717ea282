"""Refusal: why a number is not stated; it stands in the place of the number, and none stands beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MIN_UNITS, MIN_CONVERSIONS = 100, 40  # in each group that is compared; fewer are `too_few`
MIN_PROBABILITY = 0.01  # of each group for every customer that the effect counts; less is `no_overlap`
MAX_E_VALUE = 1_000.0  # of the counts against the probabilities; more is `sample_ratio`

Reason = Literal[
    "no_randomised_control",
    "probabilities_unknown",
    "no_overlap",
    "sample_ratio",
    "not_mature",
    "too_few",
    "no_heterogeneity",
    "pseudo_effect",
    "estimators_disagree",
    "no_comparable_customers",
    "peeked",
]


@dataclass(frozen=True)
class Refusal:
    """Refusal of a number: ``not_yet`` where time or customers mend it, else ``not_identified``."""

    reason: Reason
    detail: str  # one sentence: what was found, what was expected, what to do

    @property
    def status(self) -> Literal["not_yet", "not_identified"]:
        """Whether waiting helps."""
        return "not_yet" if self.reason in ("not_mature", "too_few") else "not_identified"
