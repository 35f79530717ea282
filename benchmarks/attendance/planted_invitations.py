"""Planted invitations: half of the households are invited at random, those about to buy come; the effect is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.attendance.households import WITHIN_DAYS, inclination, random_day
from features.arrays import Floats
from training.attendance.estimators.invitations import InvitationEffect, InvitationUnits, invitation_effect
from training.attendance.invitation_units import invitation_covariates
from training.attendance.panel.daily_purchases import DailyPurchases
from training.attendance.panel.panel import WEEK
from training.estimate import NORMAL_975

EFFECTS = (0.0, 0.1, 0.3)  # of the spend after the draw, of those who attend
UPTAKE = 0.2
MAX_REJECTED, MIN_FOUND = 0.07, 0.95


@dataclass(frozen=True, kw_only=True)
class InvitationRow:
    """What random invitations show over the runs, in currency per attendee and week, and shares of the runs."""

    effect: float
    truth: float
    bias: float
    half_width: float
    found: float
    covered: float
    inviting_found: float  # intention to treat

    @property
    def meets(self) -> bool | None:
        """Whether the bar is met; None without one."""
        if self.effect == 0:
            return self.found <= MAX_REJECTED
        return self.found >= MIN_FOUND if self.effect == EFFECTS[-1] else None


def measure_invitations(purchases: DailyPurchases, effect: float, runs: int) -> InvitationRow:
    """Draw invitations ``runs`` times."""
    results = np.array([_run(purchases, effect, seed) for seed in range(runs)])
    value, low, high, truth, inviting = results.T
    return InvitationRow(
        effect=effect,
        truth=float(truth.mean()),
        bias=float((value - truth).mean()),
        half_width=float((high - low).mean() / 2),
        found=float(((low > 0) | (high < 0)).mean()),
        covered=float(((low <= truth) & (truth <= high)).mean()),
        inviting_found=float((np.abs(inviting) > NORMAL_975).mean()),
    )


def _run(purchases: DailyPurchases, effect: float, seed: int) -> tuple[float, float, float, float, float]:
    """The effect per attendee with its interval, the truth, and the effect of inviting over its standard error."""
    rng = np.random.default_rng(seed)
    day = random_day(purchases, rng)
    logit = inclination(purchases, "about to buy", day)
    customer = np.flatnonzero(np.isfinite(logit))
    days = np.full(len(customer), day)
    would = rng.random(len(customer)) < _probabilities(logit[customer])
    invited = rng.random(len(customer)) < 0.5
    spend = purchases.window_sums(purchases.spend, customer, days, days + WITHIN_DAYS) * WEEK / WITHIN_DAYS
    found = invitation_effect(
        InvitationUnits(
            invited=invited,
            probability=np.full(len(customer), 0.5),
            attended=invited & would,
            outcome=spend * np.where(invited & would, 1 + effect, 1),
            converted=spend > 0,
            covariates=invitation_covariates(purchases, customer, days),
        )
    )
    if not isinstance(found, InvitationEffect) or found.per_attendee is None:
        raise TypeError(f"Found {found}; expected an effect per attendee.")
    one, inviting = found.per_attendee, found.intention_to_treat
    truth = effect * float(spend[would].mean())
    return one.value, one.low, one.high, truth, inviting.value / inviting.standard_error


def _probabilities(logit: Floats) -> Floats:
    """Probabilities of attending with these log odds, whose mean is the uptake, (n,)."""
    low, high = -20.0, 20.0
    for _ in range(60):
        constant = (low + high) / 2
        mean = (1 / (1 + np.exp(-logit - constant))).mean()
        low, high = (constant, high) if mean < UPTAKE else (low, constant)
    probabilities: Floats = 1 / (1 + np.exp(-logit - constant))
    return probabilities
