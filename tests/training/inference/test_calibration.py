"""Calibration: calibrated probabilities match observed frequencies and keep the ranking."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from features.arrays import Floats
from tests.training.shops import corner_shop, other_buyers, small_ensembles
from training import metrics
from training.fitting.calibration import fit_calibration
from training.fitting.fit import fit_tiers
from training.inference.calibration import IDENTITY, MIN_PROBABILITY, CalibrationMap, logit
from training.models import churn
from training.models.churn import churn_label

DISTORTIONS = {
    "over-confident": lambda odds: 2.5 * odds,
    "timid": lambda odds: 0.4 * odds,
    "too high": lambda odds: odds + 1.5,
    "too low and over-confident": lambda odds: 2 * odds - 2,
}


def population(distort: str, customers: int, seed: int) -> tuple[Floats, Floats]:
    """Return a distorted model's probability for each customer, and the outcome."""
    rng = np.random.default_rng(seed)
    odds = rng.normal(-1.0, 1.5, customers)
    outcome = (rng.uniform(size=customers) < 1 / (1 + np.exp(-odds))).astype(float)
    return 1 / (1 + np.exp(-DISTORTIONS[distort](odds))), outcome


@pytest.mark.parametrize("distort", DISTORTIONS)
@pytest.mark.parametrize(("customers", "method", "bound"), [(1_500, "platt", 0.03), (12_000, "isotonic", 0.02)])
def test_a_distorted_model_is_put_right_for_customers_not_seen(
    distort: str, customers: int, method: str, bound: float
) -> None:
    calibration = fit_calibration(*population(distort, customers, 0))
    probability, outcome = population(distort, 20_000, 1)
    assert calibration.method == method
    assert metrics.ece(probability, outcome) > 0.08
    assert metrics.ece(calibration(probability), outcome) < bound


@pytest.mark.parametrize("customers", [1_500, 12_000])
def test_a_model_that_is_right_is_left_right(customers: int) -> None:
    rng = np.random.default_rng(2)
    probability = rng.beta(0.6, 1.5, customers + 20_000)
    outcome = (rng.uniform(size=len(probability)) < probability).astype(float)
    calibration = fit_calibration(probability[:customers], outcome[:customers])
    assert metrics.ece(calibration(probability[customers:]), outcome[customers:]) < 0.02


@pytest.mark.parametrize("customers", [1_500, 12_000])
def test_calibration_keeps_the_ranking(customers: int) -> None:
    calibration = fit_calibration(*population("too high", customers, 0))
    probability, outcome = population("too high", 20_000, 1)
    assert metrics.auc(calibration(probability), outcome) == pytest.approx(metrics.auc(probability, outcome), abs=5e-4)


def outcomes(positives: int, negatives: int) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(0)
    outcome = np.concatenate([np.ones(positives), np.zeros(negatives)])
    return np.clip(0.3 + 0.3 * outcome + rng.normal(0, 0.1, len(outcome)), 0.01, 0.99), outcome


@pytest.mark.parametrize(
    ("positives", "negatives", "method"),
    [
        (19, 5_000, "none"), (5_000, 19, "none"), (0, 50, "none"), (20, 5_000, "platt"), (5_000, 20, "platt"),
        (999, 3_000, "platt"), (3_000, 999, "platt"), (1_000, 3_000, "isotonic"), (3_000, 1_000, "isotonic"),
    ],
)  # fmt: skip
def test_the_rarer_outcome_decides_the_method(positives: int, negatives: int, method: str) -> None:
    assert fit_calibration(*outcomes(positives, negatives)).method == method


def test_nobody_seen_leaves_the_model_as_it_is() -> None:
    assert fit_calibration(np.empty(0), np.empty(0)) == IDENTITY


def test_a_model_that_ranks_backwards_is_flattened_but_never_turned_round() -> None:
    for size in (200, 3_000):
        probability, outcome = outcomes(size, size)
        calibration = fit_calibration(1 - probability, outcome)
        grid = np.linspace(0.01, 0.99, 99)
        assert (np.diff(calibration(grid)) > 0).all()


KNOTS = st.lists(st.tuples(st.floats(0.01, 3), st.floats(0, 3)), min_size=1, max_size=8)


@given(KNOTS, st.floats(-8, 3), st.floats(-8, 3), arrays(float, 30, elements=st.floats(0, 1)))
def test_any_map_is_monotone_and_stays_off_0_and_1(
    steps: list[tuple[float, float]], left: float, bottom: float, probability: Floats
) -> None:
    raw, calibrated = np.cumsum([(left, bottom), *steps], axis=0).T
    calibrated_probability = CalibrationMap("isotonic", tuple(raw.tolist()), tuple(calibrated.tolist()))(
        np.sort(probability)
    )
    assert (np.diff(calibrated_probability) >= -1e-15).all()
    assert (calibrated_probability >= MIN_PROBABILITY).all()
    assert (calibrated_probability <= 1 - MIN_PROBABILITY).all()


def test_no_calibration_changes_nothing_but_the_extremes() -> None:
    probability = np.array([0.0, 0.2, 0.5, 0.999, 1.0])
    assert IDENTITY(probability) == pytest.approx([MIN_PROBABILITY, 0.2, 0.5, 0.999, 1 - MIN_PROBABILITY])


def test_log_odds_of_certainty_are_finite() -> None:
    assert np.isfinite(logit(np.array([0.0, 1.0]))).all()


@pytest.mark.slow
def test_a_planted_miscalibration_reaches_nobody_thanks_to_the_map(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(churn, "PARAMS", {**churn.PARAMS, "scale_pos_weight": 8.0})
    learned = corner_shop()
    with small_ensembles(60):
        tiered_model = fit_tiers(learned.rows(learned.now), learned.plan, ("ml",))["ml"].tiered_model
    buyers = other_buyers()
    outcome = churn_label(buyers.outcomes, 60)

    def calibration_error(calibration: CalibrationMap) -> float:
        forecast = replace(tiered_model, calibration=calibration).forecast(buyers.inputs, buyers.column("orders"))
        return metrics.ece(1 - forecast.order_probability(60), outcome)

    assert calibration_error(tiered_model.calibration) < 0.05
    assert calibration_error(IDENTITY) > 0.12
