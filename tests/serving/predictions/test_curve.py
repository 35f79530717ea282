"""Daily curve of the next order: it is given on request, never decreases, and agrees with all other answers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from starlette.testclient import TestClient

from features.online.feature_rows import FeatureRows
from serving.predictions.scorer import score
from tests.serving.api.prediction_requests import get_prediction, post_predictions
from tests.serving.fakes import TODAY, FakeRelease, Shop
from tests.serving.forecasts import populations
from training.inference.answers.answer import CURVE_DAYS, WITHIN_DAYS


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with Shop.of(FakeRelease()).client() as client:
        yield client


@given(populations())
def test_the_curve_of_any_population_agrees_with_all_answers(population: tuple[FeatureRows, FakeRelease]) -> None:
    stored, release = population
    answers = score(release, stored, TODAY, with_curve=True).by_model
    curve, churn = answers["next_purchase"].curve[stored.known], answers["churn"]
    assert ((curve >= 0) & (curve <= 1)).all()
    assert (np.diff(curve) >= 0).all()
    within = answers["next_purchase"].probability_within[stored.known]
    np.testing.assert_array_equal(curve[:, [CURVE_DAYS.index(days) for days in WITHIN_DAYS]], within)
    if churn.horizon_days in CURVE_DAYS:
        at_horizon = curve[:, CURVE_DAYS.index(churn.horizon_days)]
        np.testing.assert_array_equal(1 - at_horizon, churn.probability[stored.known])


def test_the_curve_is_given_only_when_asked_for(client: TestClient) -> None:
    (plain,), (ann, zoe) = post_predictions(client, "ann"), post_predictions(client, "ann", "zoe", curve=True)
    curve = ann["next_purchase"].pop("curve")
    assert ann == plain
    assert "next_purchase" not in zoe
    assert [curve[day - 1] for day in WITHIN_DAYS] == [*ann["next_purchase"]["probability_within"].values()]
    assert get_prediction(client, "ann", curve="true")["next_purchase"]["curve"] == pytest.approx(curve, abs=0.01)


def test_a_curve_without_the_next_purchase_is_nothing(client: TestClient) -> None:
    assert "next_purchase" not in get_prediction(client, "ann", include="churn", curve="true")


@pytest.mark.parametrize(("query", "field"), [("curve=yes", "curve"), ("curv=true", "curv")])
def test_a_curve_is_true_or_false(client: TestClient, query: str, field: str) -> None:
    response = client.get(f"/v1/customers/ann/predictions?{query}")
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == field
