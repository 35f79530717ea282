"""Uplift head: read back from its files, refused where it was fitted on other inputs."""

from __future__ import annotations

import numpy as np
import pytest

from tests.training.by_hand import steady_forecast
from training.inference.uplift.calibration import UpliftCalibration
from training.inference.uplift.uplift_head import UpliftHead, head_to_files, load_uplift_head
from training.inference.uplift.uplift_scores import OneFeatureRule
from training.models.uplift import MODEL

CALIBRATION = UpliftCalibration(
    average=0.1, slope=0.2, mean_score=0.5, low_score=0.0, high_score=1.0, average_variance=1e-4, slope_variance=1e-3,
    covariance=0.0,
)  # fmt: skip
NAMES, INPUTS = ("orders", "recency_days"), np.array([[1.0, 9.0], [3.0, np.nan]])
RULE = OneFeatureRule(0, np.array([1.0, 2.0]), 1)


def predict(head: UpliftHead) -> list[list[float]]:
    forecast = steady_forecast([0.01] * len(INPUTS))
    return [[float(value) for value in row] for row in head.predict(INPUTS, np.ones(len(INPUTS)), forecast)]


@pytest.mark.parametrize("score", [RULE, None], ids=["a rule", "nobody is ranked"])
def test_a_head_read_back_predicts_the_same(score: OneFeatureRule | None) -> None:
    head = UpliftHead(score, CALIBRATION)
    assert predict(load_uplift_head(head_to_files(head, "one_feature_rule", NAMES), NAMES)) == predict(head)


def test_the_effect_follows_the_score_within_its_interval() -> None:
    low, high = predict(UpliftHead(RULE, CALIBRATION))
    assert (low[0], high[0]) == pytest.approx((0.1 - 0.2 * 0.25, 0.1 + 0.2 * 0.5))
    assert all(row[1] < row[0] < row[2] for row in (low, high))


def test_a_head_that_was_fitted_on_other_inputs_is_refused() -> None:
    files = head_to_files(UpliftHead(None, CALIBRATION), "", NAMES)
    with pytest.raises(ValueError, match="its uplift reads the inputs orders, recency_days, the release orders"):
        load_uplift_head(files, ("orders",))


def test_the_page_loads_what_it_writes() -> None:
    assert MODEL.load is load_uplift_head
