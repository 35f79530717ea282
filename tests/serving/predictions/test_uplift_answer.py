"""Uplift in an answer: the effect with its evidence, refused where the experiment shows nothing, else absent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import orjson
import pytest

from features.online.feature_rows import FeatureRows
from pipelines.scoring.scores_schema import scores_table
from serving.predictions.scorer import score
from serving.predictions.serializers import serialize_predictions
from serving.schemas.predictions import PredictionsResponse
from tests.serving.fakes import METADATA, TODAY, FakeRelease, KnownCustomer, constant_rate_forecast, feature_rows
from training.inference.forecast import Forecast
from training.inference.uplift.evidence import Interval, UpliftEvidence

EVIDENCE = UpliftEvidence(
    experiment_id="win-back", arm="coupon", control="none", cost=1.2, outcome="order_28d", within_days=28,
    customers=4_000, policy="linear_t", reason=None, detail="It ranks.", average_effect=Interval(0.02, 0.01, 0.03),
    qini=Interval(40.0, 20.0, 60.0), candidates={"linear_t": Interval(44.0, 22.0, 66.0)},
)  # fmt: skip
ANN_AND_STRANGER = feature_rows({"ann": KnownCustomer(), "zoe": None})


def forecast_with_uplift(stored: FeatureRows, _as_of: int) -> Forecast:
    forecast = constant_rate_forecast(np.full(len(stored), 0.04))
    return replace(forecast, answers={"uplift": np.tile([0.03, 0.01, 0.05], (len(stored), 1))})


def release_with(evidence: UpliftEvidence | None) -> FakeRelease:
    release = FakeRelease(answer=forecast_with_uplift, metadata=replace(METADATA, uplift=evidence))
    release.model_versions = {**release.model_versions, "uplift": "1"}
    if evidence is not None and not evidence.ranks:
        release.unranked_models = frozenset({"uplift"})
    return release


def answer_of(evidence: UpliftEvidence) -> dict[str, Any]:
    answers = score(release_with(evidence), ANN_AND_STRANGER, TODAY)
    body = orjson.dumps({"predictions": serialize_predictions(answers, {"uplift"})})
    PredictionsResponse.model_validate_json(body)
    ann, stranger = orjson.loads(body)["predictions"]
    assert "uplift" not in stranger
    return dict(ann["uplift"])


def test_a_ranked_customer_is_told_the_effect_and_where_it_comes_from() -> None:
    assert answer_of(EVIDENCE) == {
        "status": "scored", "policy": "linear_t", "uplift": 0.03, "low": 0.01, "high": 0.05, "outcome": "order_28d",
        "experiment_id": "win-back", "arm": "coupon", "control": "none", "evidence": "randomised", "reason": None,
    }  # fmt: skip


@pytest.mark.parametrize("policy", ["everybody", "nobody"])
def test_a_customer_whom_nothing_tells_apart_has_the_average_and_the_reason(policy: str) -> None:
    uplift = answer_of(replace(EVIDENCE, policy=policy, reason="no_heterogeneity"))
    assert (uplift["status"], uplift["policy"], uplift["uplift"]) == ("no_signal", policy, 0.03)
    assert uplift["reason"] == "no_heterogeneity"


def test_without_a_clear_average_no_number_stands_beside_the_reason() -> None:
    uplift = answer_of(replace(EVIDENCE, policy=None, reason="no_heterogeneity"))
    assert (uplift["policy"], uplift["uplift"], uplift["low"], uplift["high"]) == (None, None, None, None)
    assert (uplift["status"], uplift["reason"]) == ("no_signal", "no_heterogeneity")


def test_a_release_without_an_experiment_has_neither_answer_nor_columns() -> None:
    answers = score(FakeRelease(), ANN_AND_STRANGER, TODAY)
    assert "uplift" not in serialize_predictions(answers, {"uplift", "churn"})[0]
    assert not [name for name in scores_table(answers, ANN_AND_STRANGER).column_names if name.startswith("uplift")]


def test_the_scores_table_has_the_effect_and_its_evidence() -> None:
    table = scores_table(score(release_with(EVIDENCE), ANN_AND_STRANGER, TODAY), ANN_AND_STRANGER)
    columns = {name: table[name].to_pylist() for name in table.column_names if name.startswith("uplift")}
    assert columns == {
        "uplift_status": ["scored", "unknown_customer"], "uplift": [0.03, None], "uplift_low": [0.01, None],
        "uplift_high": [0.05, None], "uplift_policy": ["linear_t", None], "uplift_experiment": ["win-back", None],
        "uplift_arm": ["coupon", None], "uplift_outcome": ["order_28d", None],
    }  # fmt: skip


def test_evidence_is_read_back_as_it_was_written() -> None:
    for evidence in (EVIDENCE, replace(EVIDENCE, qini=None, average_effect=None, candidates={})):
        assert UpliftEvidence.from_json(orjson.loads(orjson.dumps(evidence.to_json()))) == evidence


def test_metadata_without_an_experiment_says_nothing_of_uplift() -> None:
    assert "uplift" not in METADATA.to_json()
    assert type(METADATA).from_json(METADATA.to_json()) == METADATA
    taught = replace(METADATA, uplift=EVIDENCE)
    assert type(METADATA).from_json(orjson.loads(orjson.dumps(taught.to_json()))) == taught
