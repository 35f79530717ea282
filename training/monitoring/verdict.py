"""Verdict of a scorecard: whether the release predicts what happens without treatment, with a tolerance and certainty.

It alarms where an interval of 99.9 % lies wholly beyond the tolerance, so that neither noise nor a harmless error does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from training.experiments.refusal import MIN_CONVERSIONS, MIN_UNITS
from training.monitoring.scorecard import Population, PopulationScorecard
from training.monitoring.treatments import TreatmentState

CONFIDENCE = 0.999
RATIO_TOLERANCE = 0.10  # of observed over expected, of the rarer outcome
AMOUNT_RATIO_TOLERANCE = 0.20
ECE_TOLERANCE = 0.05
AUC_TOLERANCE = 0.05  # below the back-test
COVERAGE_TOLERANCE, NOMINAL_COVERAGE = 0.10, 0.80
MAX_UNHELD_SHARE = 0.01  # of the customers, treated by a source that holds nobody out

Status = Literal["as_expected", "alarm", "not_judged", "too_few", "early"]
CAMPAIGNS_RAN = "campaigns ran; not judged"


@dataclass(frozen=True)
class Verdict:
    """Verdict on the predictions of one release, day and question."""

    status: Status
    reasons: tuple[str, ...] = ()


def judge(
    scorecards: Mapping[Population, PopulationScorecard], treatment: TreatmentState, tested_auc: float | None = None
) -> Verdict:
    """The verdict on the untreated.

    Args:
        scorecards: by population.
        treatment: of the same customers; too many treated without a hold-out forbid a verdict.
        tested_auc: the lowest area under the ROC curve in the back-test of the release, if it is known.
    """
    if treatment.without_holdout.mean() > MAX_UNHELD_SHARE:
        share = treatment.without_holdout.mean()
        found = f"{share:.1%} of the customers were treated without a hold-out; expected at most {MAX_UNHELD_SHARE:.0%}"
        return Verdict("not_judged", (f"{CAMPAIGNS_RAN}: {found}. Hold out a tenth at random",))
    untreated = scorecards.get("untreated")
    if untreated is None or untreated.effective_n < MIN_UNITS or untreated.events < MIN_CONVERSIONS:
        n, events = (0, 0) if untreated is None else (untreated.effective_n, untreated.events)
        found = f"found {n:.0f} untreated customers (effective) and {events} outcomes"
        return Verdict("too_few", (f"{found}; expected {MIN_UNITS} and {MIN_CONVERSIONS}",))
    reasons = (*_ratio_alarms(untreated), *_other_alarms(untreated, tested_auc))
    return Verdict("alarm" if reasons else "as_expected", reasons)


def _ratio_alarms(card: PopulationScorecard) -> Iterator[str]:
    """Alarm of the total; of a probability, that of the rarer outcome, whose ratio an error moves most."""
    metrics = card.metrics
    name, tolerance = "observed_over_expected", AMOUNT_RATIO_TOLERANCE
    if (complement := metrics.get("complement_observed_over_expected")) is not None:
        tolerance = RATIO_TOLERANCE
        if complement.standard_error > metrics[name].standard_error:
            name = "complement_observed_over_expected"
    low, high = metrics[name].interval(CONFIDENCE)
    if low > 1 + tolerance or high < 1 / (1 + tolerance):
        what = "outcomes" if name == "observed_over_expected" else "customers without it"
        yield (
            f"{what}: {metrics[name].value:.2f} observed for 1 expected, {low:.2f} to {high:.2f}; expected within "
            f"{1 / (1 + tolerance):.2f} to {1 + tolerance:.2f}"
        )


def _other_alarms(card: PopulationScorecard, tested_auc: float | None) -> Iterator[str]:
    metrics = card.metrics
    if "ece_beyond_noise" in metrics:
        low, _ = metrics["ece_beyond_noise"].interval(CONFIDENCE)
        if low > ECE_TOLERANCE:
            yield f"calibration error {metrics['ece'].value:.3f}, surely above {ECE_TOLERANCE}"
    if tested_auc is not None and "auc" in metrics:
        _, high = metrics["auc"].interval(CONFIDENCE)
        if high < tested_auc - AUC_TOLERANCE:
            area = metrics["auc"].value
            yield f"ranking: area under the curve {area:.3f}, at least {tested_auc:.3f} in the back-test"
    if "coverage_80" in metrics:
        # More is no alarm: where many spend nothing, an interval from 0 covers more than its share.
        _, high = metrics["coverage_80"].interval(CONFIDENCE)
        if high < NOMINAL_COVERAGE - COVERAGE_TOLERANCE:
            yield f"80 % intervals cover {metrics['coverage_80'].value:.0%}"
