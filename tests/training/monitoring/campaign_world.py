"""A simulated shop whose customers churn by their score, with a campaign that prevents a part of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.arrays import Booleans, Floats
from training.monitoring.treatments import TreatmentState

HOLDOUT_SHARE = 0.1


@dataclass(frozen=True)
class Month:
    """One month: who was treated, and who churned."""

    churn: Floats  # (n,) predicted probability
    churned: Floats  # (n,)
    treatment: TreatmentState


def simulate_month(rng: np.random.Generator, n: int, targeted: Booleans, truth: Floats, effect: float) -> Floats:
    """Who churns, (n,): a treated customer with the share ``effect`` less probability."""
    return np.asarray(rng.random(n) < truth * np.where(targeted, 1 - effect, 1.0), dtype=float)


def treat(rng: np.random.Generator, eligible: Booleans) -> TreatmentState:
    """Treat the eligible customers except for a hold-out at random."""
    held_out = rng.random(len(eligible)) < HOLDOUT_SHARE
    return TreatmentState(
        treated=eligible & ~held_out,
        untreated_probability=np.where(eligible, HOLDOUT_SHARE, 1.0),
        without_holdout=np.zeros(len(eligible), dtype=bool),
    )


def run_month(rng: np.random.Generator, n: int, *, effect: float = 0.0, odds_ratio: float = 1.0) -> Month:
    """A month in which the 30 % most at risk are targeted; ``odds_ratio`` makes the world worse than predicted."""
    log_odds = rng.normal(-0.6, 1.2, n)
    churn, truth = 1 / (1 + np.exp(-log_odds)), 1 / (1 + np.exp(-log_odds - np.log(odds_ratio)))
    treatment = treat(rng, churn >= np.quantile(churn, 0.7))
    return Month(churn, simulate_month(rng, n, treatment.treated, truth, effect), treatment)
