"""Prevalence: the share of a label in many texts, corrected for the errors of the classifier that counted them.

The adjusted count divides out the known error rates (Rogan and Gladen 1978, "Estimating prevalence from the results of
a screening test"; Forman 2008, "Quantifying counts and costs via classification"). Its variance has three parts: the
texts, and the two error rates, which were measured on finitely many labels; each is taken after adding one success and
one failure (Lang and Reiczigel 2014, "Confidence limits for prevalence of disease adjusted for estimated sensitivity
and specificity").
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from training.estimate import NORMAL_975


@dataclass(frozen=True)
class ErrorRates:
    """How a classifier did on labels that it had not learned from."""

    positives: int
    found_positives: int  # of them those that it called positive
    negatives: int
    found_negatives: int

    @property
    def accuracy(self) -> float:
        """The share of right answers; NaN without labels."""
        total = self.positives + self.negatives
        return (self.found_positives + self.found_negatives) / total if total else float("nan")

    def swap_labels(self) -> ErrorRates:
        """The rates with the two labels exchanged."""
        return ErrorRates(self.negatives, self.found_negatives, self.positives, self.found_positives)


@dataclass(frozen=True)
class Share:
    """A share with its 95 % interval; ``observed`` is what the classifier counted."""

    observed: float
    corrected: float
    low: float
    high: float


def corrected_share(called: int, texts: int, rates: ErrorRates) -> Share | None:
    """The share of positives among texts of which ``called`` were called positive; None if nothing can be said.

    Nothing can be said of no text, or if the classifier is no better than chance.
    """
    sensitivity = _smooth(rates.found_positives, rates.positives)
    specificity = _smooth(rates.found_negatives, rates.negatives)
    youden = sensitivity - (1 - specificity)
    if texts == 0 or youden <= 0.1:
        return None
    observed = called / texts
    share = (observed + specificity - 1) / youden
    counted = _smooth(called, texts)
    variance = counted * (1 - counted) / (texts + 2)
    variance += share**2 * sensitivity * (1 - sensitivity) / (rates.positives + 2)
    variance += (1 - share) ** 2 * specificity * (1 - specificity) / (rates.negatives + 2)
    half = NORMAL_975 * sqrt(variance) / youden
    return Share(observed, _clip(share), _clip(share - half), _clip(share + half))


def _smooth(successes: int, n: int) -> float:
    return (successes + 1) / (n + 2)


def _clip(value: float) -> float:
    return min(max(value, 0.0), 1.0)
