"""Measures of the uplift benchmark: the selection on a campaign, both tails out of sample, and claims on nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.uplift.campaigns import Campaign, insurance_training_mask, read_insurance, read_shuffled_control
from training.dataset.randomised_sample import RandomisedSample
from training.fitting.gradient_boosting import fit_gradient_boosting
from training.inference.uplift.evidence import Interval
from training.model import UpliftFindings
from training.uplift.selection import select_uplift

TAIL_SHARE = 0.1
NULL_RUNS, MAX_CLAIMS = 40, 3


@dataclass(frozen=True)
class CampaignResult:
    """What was found in one campaign."""

    campaign: Campaign
    customers: int
    findings: UpliftFindings

    @property
    def is_met(self) -> bool | None:
        """Whether the findings are as good as is asked; None where nothing is asked."""
        campaign, qini = self.campaign, self.findings.qini
        if campaign.is_refused:
            return self.findings.score is None
        if campaign.min_qini is None:
            return None
        low = -np.inf if campaign.min_low is None else campaign.min_low
        return (
            self.findings.score is not None and qini is not None and qini.value >= campaign.min_qini and qini.low >= low
        )


@dataclass(frozen=True)
class Tail:
    """The tenth with the highest or the lowest predicted uplift, in customers that no model saw."""

    name: str
    predicted: float
    realised: Interval

    @property
    def is_met(self) -> bool:
        """Whether the realised effect has surely the predicted sign."""
        return self.realised.low > 0 if self.predicted > 0 else self.realised.high < 0


def measure_campaign(campaign: Campaign) -> CampaignResult:
    """Select on all customers of a campaign; its Qini is cross-fitted, the choice included."""
    sample = campaign.read()
    return CampaignResult(campaign, len(sample), select_uplift(sample, fit_gradient_boosting))


def measure_tails() -> list[Tail]:
    """Select on one half of the insurance campaign, and look at both tails of the other."""
    sample, training = read_insurance(), insurance_training_mask()
    findings = select_uplift(sample.select(training), fit_gradient_boosting)
    if findings.score is None:
        return []
    test = sample.select(~training)
    predicted = findings.calibration.effects(findings.score.score(test.inputs))[:, 0]
    low, high = np.quantile(predicted, [TAIL_SHARE, 1 - TAIL_SHARE])
    return [
        Tail(name, float(predicted[mask].mean()), difference_of_means(test.select(mask)))
        for name, mask in (("top tenth", predicted >= high), ("bottom tenth", predicted <= low))
    ]


def difference_of_means(sample: RandomisedSample) -> Interval:
    """The difference of the arms' means, with the 95 % interval of Welch (1947)."""
    treated, control = sample.outcome[sample.treated], sample.outcome[~sample.treated]
    value = float(treated.mean() - control.mean())
    margin = 1.96 * float(np.sqrt(treated.var(ddof=1) / len(treated) + control.var(ddof=1) / len(control)))
    return Interval(value, value - margin, value + margin)


def count_claims(runs: int = NULL_RUNS) -> int:
    """How often a ranking is claimed where there is nothing: treatment shuffled among customers without an e-mail."""
    samples = (read_shuffled_control(np.random.default_rng(run)) for run in range(runs))
    return sum(
        select_uplift(sample, fit_gradient_boosting, seed).score is not None for seed, sample in enumerate(samples)
    )
