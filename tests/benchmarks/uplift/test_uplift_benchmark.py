"""Uplift benchmark: the campaigns whose data are there are read, judged and written down."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.uplift.campaigns import (
    BY_NAME,
    DATA,
    HILLSTROM,
    available_campaigns,
    read_hillstrom,
    read_shuffled_control,
)
from benchmarks.uplift.measures import CampaignResult, Tail, difference_of_means
from benchmarks.uplift.run import candidates_table, measure_uplift, tails_table
from training.dataset.randomised_sample import RandomisedSample
from training.fitting.gradient_boosting import fit_gradient_boosting
from training.inference.uplift.calibration import UpliftCalibration
from training.inference.uplift.evidence import Interval
from training.inference.uplift.uplift_scores import OneFeatureRule
from training.model import UpliftFindings
from training.uplift.candidates import CANDIDATES
from training.uplift.selection import select_uplift

needs_hillstrom = pytest.mark.skipif(not (DATA / HILLSTROM).is_file(), reason="the campaign is not there")
CALIBRATION = UpliftCalibration(
    average=0.0, slope=1.0, mean_score=0.5, low_score=0.0, high_score=1.0, average_variance=0.0, slope_variance=0.0,
    covariance=0.0,
)  # fmt: skip
FINDINGS = UpliftFindings(
    policy="one_feature_rule", score=OneFeatureRule(0, np.arange(3.0), 1), calibration=CALIBRATION,
    average_effect=Interval(0.01, 0.0, 0.02), qini=Interval(260.0, 216.0, 300.0),
    candidates=dict.fromkeys(CANDIDATES, Interval(1.0, 0.0, 2.0)), reason=None, detail="",
)  # fmt: skip


def is_met(campaign: str, findings: UpliftFindings) -> bool | None:
    return CampaignResult(BY_NAME[campaign], 100, findings).is_met


def test_a_campaign_is_met_by_the_value_and_the_lower_end() -> None:
    assert is_met("insurance", FINDINGS)
    assert not is_met("insurance", replace(FINDINGS, qini=Interval(249.0, 216.0, 300.0)))
    assert not is_met("insurance", replace(FINDINGS, qini=Interval(260.0, 214.0, 300.0)))
    assert not is_met("women's e-mail, visits", replace(FINDINGS, score=None))
    assert is_met("charity letters", FINDINGS) is None


def test_where_nothing_is_to_be_found_a_ranking_is_a_miss() -> None:
    assert not is_met("men's e-mail, spend", FINDINGS)
    assert is_met("men's e-mail, spend", replace(FINDINGS, score=None))


def test_a_tail_has_surely_the_predicted_sign() -> None:
    assert Tail("top tenth", 0.2, Interval(0.1, 0.05, 0.15)).is_met
    assert not Tail("top tenth", 0.2, Interval(0.1, -0.05, 0.25)).is_met
    assert Tail("bottom tenth", -0.2, Interval(-0.1, -0.15, -0.05)).is_met
    assert "| top tenth | +0.200 | 0.100 [0.050, 0.150] | yes |" in tails_table(
        [Tail("top tenth", 0.2, Interval(0.1, 0.05, 0.15))]
    )


def test_every_candidate_has_a_column() -> None:
    text = candidates_table([CampaignResult(BY_NAME["insurance"], 100, FINDINGS)])
    assert text.splitlines()[0] == f"| campaign | {' | '.join(CANDIDATES)} |"


def test_the_difference_of_two_arms_by_hand() -> None:
    sample = RandomisedSample(
        names=(), inputs=np.empty((4, 0)), treated=np.array([True, True, False, False]),
        probability=np.full(4, 0.5), outcome=np.array([1.0, 3.0, 0.0, 1.0]),
    )  # fmt: skip
    assert difference_of_means(sample).value == 1.5


def test_without_data_the_section_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.uplift.run.available_campaigns", list)
    assert measure_uplift(0).endswith("Not measured: the data of the campaigns are not there.")


@needs_hillstrom
def test_shuffled_customers_have_no_email_and_half_a_treatment() -> None:
    sample = read_shuffled_control(np.random.default_rng(0))
    assert len(sample) == int((~read_hillstrom("Womens E-Mail", "visit").treated).sum())
    assert sample.treated.mean() == pytest.approx(0.5, abs=1e-3)
    assert {campaign.file for campaign in available_campaigns()} >= {HILLSTROM}


@pytest.mark.slow
@needs_hillstrom
def test_spend_after_the_mens_email_ranks_nobody_and_everybody_gets_it() -> None:
    findings = select_uplift(read_hillstrom("Mens E-Mail", "spend"), fit_gradient_boosting)
    assert (findings.policy, findings.score, findings.reason) == ("everybody", None, "no_heterogeneity")
