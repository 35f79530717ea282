"""Incremental conversions: the orders that sending caused, from units of which chance left some untreated.

The effect on the treated is the difference of means with Hajek weights: treated units count once, the others by
``p / (1 - p)`` of their logged probability p (Hajek 1971; Aronow, Samii: Annals of Applied Statistics 11, 2017). Orders
are first adjusted by the order rate of before the period (Deng, Xu, Kohavi, Walker: CUPED, WSDM 2013). Standard errors
are robust to several units of one customer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from features.arrays import Floats, Integers
from training.attribution.incremental.randomised_units import Level, RandomisedUnits
from training.estimate import clustered_estimate
from training.experiments.refusal import MAX_E_VALUE, MIN_CONVERSIONS, MIN_PROBABILITY, MIN_UNITS, Refusal
from training.experiments.sequential.draw_sample_ratio import draw_e_value


@dataclass(frozen=True, kw_only=True)
class Incremental:
    """Incremental conversions of what was sent, with their 95 % interval."""

    conversions: float
    low: float
    high: float
    units: int
    control_units: int
    control_conversions: float
    levels: tuple[Level, ...]
    e_value: float  # of the draws, against the logged probabilities


def incremental(strata: Sequence[RandomisedUnits], order_rate: Floats) -> Incremental | Refusal:
    """The conversions that the treated units of all strata would not have had, or why they are not known.

    Args:
        strata: units of touches, and of experiments; each is compared within itself.
        order_rate: of each customer, known before the period, (customers,).
    """
    strata = [units for units in strata if len(units)]
    refusal = _refusal(strata)
    if refusal is not None:
        return refusal
    known = [_with_probability(units) for units in strata]
    refusal = _overlap(known) or _sample_ratio(known) or _too_few(known)
    if refusal is not None:
        return refusal
    totals, customers, influences = zip(*(_total(units, order_rate) for units in known), strict=True)
    total = clustered_estimate(sum(totals), np.concatenate(influences), np.concatenate(customers))
    return Incremental(
        conversions=total.value,
        low=total.low,
        high=total.high,
        units=sum(len(units) for units in known),
        control_units=sum(int((~units.treated).sum()) for units in known),
        control_conversions=float(sum(units.orders[~units.treated].sum() for units in known)),
        levels=tuple(dict.fromkeys(units.level for units in known)),
        e_value=max(draw_e_value(units.treated, units.probability) for units in known),
    )


def _refusal(strata: Sequence[RandomisedUnits]) -> Refusal | None:
    controls = sum(int((~units.treated).sum()) for units in strata)
    if controls == 0:
        return Refusal(
            "no_randomised_control",
            "Found no touch that was withheld; expected some, drawn at random. Hold out a share of the customers, and "
            "log what was withheld as treated = false with its probability.",
        )
    unknown = sum(int((np.isnan(units.probability) & ~units.treated).sum()) for units in strata)
    if unknown:
        return Refusal(
            "probabilities_unknown",
            f"Found {unknown:,} withheld units without a probability; expected that of being treated. Log it with each "
            "touch, sent or withheld.",
        )
    return None


def _with_probability(units: RandomisedUnits) -> RandomisedUnits:
    """The units whose probability was logged; the others were sent to everybody, as far as is known."""
    known = ~np.isnan(units.probability)
    return RandomisedUnits(
        customer=units.customer[known], treated=units.treated[known], probability=units.probability[known],
        orders=units.orders[known], level=units.level,
    )  # fmt: skip


def _overlap(strata: Sequence[RandomisedUnits]) -> Refusal | None:
    outside = sum(
        int(((units.probability < MIN_PROBABILITY) | (units.probability > 1 - MIN_PROBABILITY)).sum())
        for units in strata
    )
    if not outside:
        return None
    return Refusal(
        "no_overlap",
        f"Found {outside:,} units with a probability below {MIN_PROBABILITY} of being treated or of being held out; "
        "expected both to be possible for everybody. Hold out a share of all of them.",
    )


def _sample_ratio(strata: Sequence[RandomisedUnits]) -> Refusal | None:
    for units in strata:
        if draw_e_value(units.treated, units.probability) > MAX_E_VALUE:
            treated, expected = int(units.treated.sum()), units.probability.sum()
            return Refusal(
                "sample_ratio",
                f"Found {treated:,} of {len(units):,} units treated; expected about {expected:,.0f} by the logged "
                "probabilities. Find out which rows are missing, or which probabilities are wrong.",
            )
    return None


def _too_few(strata: Sequence[RandomisedUnits]) -> Refusal | None:
    for name, control in (("treated", False), ("held out", True)):
        units = sum(int((units.treated ^ control).sum()) for units in strata)
        conversions = int(sum(units.orders[units.treated ^ control].sum() for units in strata))
        if units < MIN_UNITS or conversions < MIN_CONVERSIONS:
            return Refusal(
                "too_few",
                f"Found {units:,} units {name} with {conversions:,} conversions; expected at least {MIN_UNITS} with "
                f"{MIN_CONVERSIONS}. Wait for more, or hold out a larger share.",
            )
    return None


def _total(units: RandomisedUnits, order_rate: Floats) -> tuple[float, Integers, Floats]:
    """The caused conversions of one stratum, and the customer and the influence of each of its units."""
    treated = units.treated
    outcome = units.orders - _rate_prediction(units.orders, order_rate[units.customer])
    weight = np.where(treated, 1.0, units.probability / (1 - units.probability))
    count, control_weight = treated.sum(), weight[~treated].sum()
    if count == 0 or control_weight == 0:
        return 0.0, units.customer, np.zeros(len(units))
    mean = outcome[treated].mean()
    control_mean = (weight * outcome)[~treated].sum() / control_weight
    scale = np.where(treated, 1.0, -weight * count / control_weight)
    influence = scale * (outcome - np.where(treated, mean, control_mean))
    return float(count * (mean - control_mean)), units.customer, influence


def _rate_prediction(orders: Floats, rate: Floats) -> Floats:
    """What the order rate says of the orders beforehand: one least squares line through all units, centred."""
    centred = rate - rate.mean()
    variance = centred @ centred
    slope = centred @ orders / variance if variance > 0 else 0.0
    predicted: Floats = slope * centred
    return predicted
