from __future__ import annotations

import numpy as np
import pytest

from features.arrays import Floats
from training.experiments.allocation.arm_effects import ArmInformation
from training.experiments.allocation.partial_pooling import EFFECT_SD, SEGMENT_SDS, effect_posteriors

GENERATOR_SEED = 3


def information_of(segments: int, arms: int, strength: float = 400.0) -> ArmInformation:
    rng = np.random.default_rng(GENERATOR_SEED)
    share = rng.dirichlet(np.full(arms, 5.0), segments)
    precision = strength * (share[:, :, None] * np.eye(arms) - share[:, :, None] * share[:, None, :])
    return ArmInformation(
        precision=precision[None], score=(precision @ rng.normal(0, 0.2, (segments, arms, 1)))[None, ..., 0]
    )


def joint_posterior(information: ArmInformation, sd: float) -> tuple[Floats, Floats, float]:
    """Return mean and covariance of (common effects, deviation of each segment), and the log marginal likelihood."""
    (precision,), (score,) = information.precision, information.score
    segments, arms = score.shape
    size = arms * (segments + 1)
    prior = np.diag([EFFECT_SD**-2.0] * arms + [sd**-2.0] * (size - arms))
    matrix, vector = np.zeros((size, size)), np.zeros(size)
    for segment in range(segments):
        design = np.zeros((arms, size))
        design[:, :arms] = np.eye(arms)
        design[:, arms * (segment + 1) : arms * (segment + 2)] = np.eye(arms)
        matrix += design.T @ precision[segment] @ design
        vector += design.T @ score[segment]
    covariance = np.linalg.inv(matrix + prior)
    likelihood = np.linalg.slogdet(prior)[1] + np.linalg.slogdet(covariance)[1] + vector @ covariance @ vector
    return covariance @ vector, covariance, float(likelihood) / 2


@pytest.mark.parametrize("segments", [1, 2, 4])
def test_the_draws_have_the_mean_and_the_covariance_of_the_joint_normal_posterior(segments: int) -> None:
    information = information_of(segments, 3)
    for sd, posterior in zip(SEGMENT_SDS, effect_posteriors(information), strict=False):
        mean, covariance, _ = joint_posterior(information, sd)
        draws = posterior.sample(np.random.default_rng(1), 40_000)[0]
        for segment in range(segments):
            pick = np.zeros((3, len(mean)))
            pick[:, :3] = pick[:, 3 * (segment + 1) : 3 * (segment + 2)] = np.eye(3)
            assert draws[segment].mean(0) == pytest.approx(pick @ mean, abs=1e-9)  # opposite pairs cancel
            assert np.cov(draws[segment].T) == pytest.approx(pick @ covariance @ pick.T, abs=0.001)


def test_each_scatter_weighs_by_its_marginal_likelihood() -> None:
    information = information_of(4, 3)
    likelihood = np.array([joint_posterior(information, sd)[2] for sd in SEGMENT_SDS])
    expected = np.exp(likelihood - likelihood.max())
    weights = [posterior.weight[0] for posterior in effect_posteriors(information)]
    assert weights == pytest.approx(expected / expected.sum())


def test_segments_that_agree_are_pooled_and_segments_that_differ_are_not() -> None:
    precision = np.tile(4000 * np.array([[0.25, -0.25], [-0.25, 0.25]]), (1, 6, 1, 1))
    effects = np.array([-0.1, 0.1])
    signs = {"same": np.ones(6), "differ": np.array([1, -1, 1, -1, 1, -1])}
    weights = {
        name: [p.weight[0] for p in effect_posteriors(ArmInformation(
            precision=precision, score=(precision @ (sign[:, None] * effects)[None, ..., None])[..., 0]
        ))]
        for name, sign in signs.items()
    }  # fmt: skip
    assert np.argmax(weights["same"]) == 0
    assert weights["differ"][0] < 0.001
