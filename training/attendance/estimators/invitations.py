"""Invitations at random: the effect of inviting (intention to treat), and of attending on those who came because of it.

The second is the local average treatment effect: the effect of inviting over that on attendance (Imbens & Angrist 1994,
Econometrica 62, 467-475). Outcomes are adjusted by what was known before with a regression in each group (Lin 2013,
Annals of Applied Statistics 7, 295-318), weighted by 1 / probability and normalised (Hajek).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.arrays import Booleans, Floats, Integers
from features.calendar import day_from_number
from training.estimate import NORMAL_975, Estimate, estimate_from_influence
from training.experiments.refusal import MIN_CONVERSIONS, MIN_PROBABILITY, MIN_UNITS, Refusal


@dataclass(frozen=True, kw_only=True)
class InvitationUnits:
    """The customers whose invitation was drawn at random, n rows."""

    invited: Booleans  # (n,)
    probability: Floats  # (n,) of what was drawn: of being invited for the invited, of not being for the others
    attended: Booleans  # (n,) in the window from the draw on
    outcome: Floats  # (n,) per week of that window
    converted: Booleans  # (n,) whether an order lies in it
    covariates: Floats  # (n, p) known before the draw, without a constant


@dataclass(frozen=True, kw_only=True)
class PerAttendee:
    """The effect of attending on those who came because they were invited, with Fieller's 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class InvitationEffect:
    """Effects of invitations that were drawn at random, per customer and week; randomised evidence."""

    intention_to_treat: Estimate  # of being invited
    uptake: Estimate  # difference of the shares that attended
    per_attendee: PerAttendee | None  # None where the invitation hardly changed who attended


def invitation_effect(units: InvitationUnits) -> InvitationEffect | Refusal:
    """The effects of inviting and of attending, or why they are not stated."""
    refusal = _refuse(units)
    if refusal is not None:
        return refusal
    inviting, inviting_influence = _adjusted_difference(units, units.outcome)
    uptake, uptake_influence = _adjusted_difference(units, units.attended.astype(float))
    return InvitationEffect(
        intention_to_treat=estimate_from_influence(inviting, inviting_influence),
        uptake=estimate_from_influence(uptake, uptake_influence),
        per_attendee=fieller(inviting, uptake, np.cov(inviting_influence, uptake_influence) / len(units.outcome)),
    )


def invitations_not_mature(days: Integers, within_days: int) -> Refusal:
    """The refusal where no window is over, with the day on which the first one is.

    Args:
        days: (n,) of the draws, days since 1970.
        within_days: length of the window.
    """
    ready = day_from_number(int(days.min()) + within_days)
    return Refusal(
        "not_mature",
        f"Found {len(days)} draws, none of them {within_days} days ago; expected at least {MIN_UNITS} of each kind. "
        f"Ask again when the log reaches {ready}.",
    )


def fieller(numerator: float, denominator: float, covariance: Floats) -> PerAttendee | None:
    """The ratio of two estimates with its 95 % interval; None where the denominator may be 0.

    Fieller (1954), Journal of the Royal Statistical Society B 16, 175-185; for one instrument it is the interval of
    Anderson & Rubin (1949), which holds for weak ones too.

    Args:
        numerator: effect on the outcome.
        denominator: effect on attendance.
        covariance: (2, 2) of the two.
    """
    leading = denominator**2 - NORMAL_975**2 * covariance[1, 1]
    if leading <= 0:
        return None
    middle = numerator * denominator - NORMAL_975**2 * covariance[0, 1]
    constant = numerator**2 - NORMAL_975**2 * covariance[0, 0]
    half_width = np.sqrt(max(middle**2 - leading * constant, 0.0)) / leading
    centre = middle / leading
    return PerAttendee(value=numerator / denominator, low=float(centre - half_width), high=float(centre + half_width))


def _adjusted_difference(units: InvitationUnits, values: Floats) -> tuple[float, Floats]:
    """The adjusted difference of the invited and the others, and each customer's influence on it, (n,)."""
    deviation = units.covariates.std(axis=0)
    varying = deviation > 1e-9
    standardised = (units.covariates[:, varying] - units.covariates[:, varying].mean(axis=0)) / deviation[varying]
    design = np.column_stack([np.ones(len(values)), standardised])
    means, influences = [], []
    for group in (units.invited, ~units.invited):
        weights = np.where(group, 1 / units.probability, 0.0)
        weights /= weights.mean()
        root = np.sqrt(weights)
        coefficients = np.linalg.lstsq(design * root[:, None], values * root, rcond=None)[0]
        expected = design @ coefficients
        corrected = expected + weights * (values - expected)
        means.append(corrected.mean())
        influences.append(corrected - corrected.mean())
    return float(means[0] - means[1]), influences[0] - influences[1]


def _refuse(units: InvitationUnits) -> Refusal | None:
    if not len(units.invited) or units.invited.all() or not units.invited.any():
        return Refusal(
            "no_randomised_control",
            f"Found {int(units.invited.sum())} invited customers and {int((~units.invited).sum())} who were not, both "
            "drawn at random; expected both kinds. Hold some back at random next time.",
        )
    if np.isnan(units.probability).any():
        return Refusal(
            "probabilities_unknown",
            f"Found {int(np.isnan(units.probability).sum())} draws without a probability; expected one each. Log with "
            "which probability each customer was invited.",
        )
    if (units.probability < MIN_PROBABILITY).any():
        return Refusal(
            "no_overlap",
            f"Found draws of probability {units.probability.min():.3g}; expected at least {MIN_PROBABILITY}. Ask about "
            "a period in which everybody could be invited or not.",
        )
    groups = (units.invited, ~units.invited)
    fewest = min(int(group.sum()) for group in groups)
    conversions = min(int(units.converted[group].sum()) for group in groups)
    if fewest >= MIN_UNITS and conversions >= MIN_CONVERSIONS:
        return None
    return Refusal(
        "too_few",
        f"Found {fewest} customers and {conversions} with an order in the smaller group; expected at least {MIN_UNITS} "
        f"and {MIN_CONVERSIONS}. Wait for more.",
    )
