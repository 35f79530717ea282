"""Invitation units: the customers of a random draw with their attendance, their outcome and what adjusts it."""

from __future__ import annotations

import numpy as np

from features.arrays import Booleans, Floats, Integers
from training.attendance.estimators.invitations import InvitationUnits
from training.attendance.log.invitation_log import Invitations
from training.attendance.panel.daily_purchases import DailyPurchases
from training.attendance.panel.panel import WEEK
from training.attendance.panel.panel_building import Attendances, Outcome, weekly_sums
from training.attendance.panel.purchase_covariates import block_sums, purchase_covariates


def invitation_units(
    purchases: DailyPurchases, attendances: Attendances, draws: Invitations, outcome: Outcome, within_days: int
) -> InvitationUnits:
    """The units of the draws, whose windows begin with the day of the draw.

    Args:
        purchases: of all customers.
        attendances: all that are known.
        draws: those whose windows are over.
        outcome: what is measured.
        within_days: length of the window, days.
    """
    end = draws.day + within_days
    after_orders = purchases.window_sums(purchases.orders, draws.customer, draws.day, end)
    after = after_orders
    if outcome == "spend":
        after = purchases.window_sums(purchases.spend, draws.customer, draws.day, end)
    return InvitationUnits(
        invited=draws.invited,
        probability=draws.probability,
        attended=_attended_within(attendances, draws, purchases.end_day, within_days),
        outcome=after * WEEK / within_days,
        converted=after_orders > 0,
        covariates=invitation_covariates(purchases, draws.customer, draws.day),
    )


def invitation_covariates(purchases: DailyPurchases, customer: Integers, day: Integers) -> Floats:
    """What was known before a day: the 12 weeks before, in logarithms and in blocks of four weeks, and all before."""
    spend, orders = (weekly_sums(purchases, values, customer, day) for values in (purchases.spend, purchases.orders))
    days = np.maximum(day - purchases.first_day, 1)
    start = np.full(len(day), purchases.first_day)
    past = purchases.window_sums(purchases.spend, customer, start, day) / days
    return np.column_stack([purchase_covariates(spend, orders), block_sums(spend), past])


def _attended_within(attendances: Attendances, draws: Invitations, end_day: int, within_days: int) -> Booleans:
    """Whether an attendance lies in the window of each draw, (n,)."""
    span = end_day + 1
    keys = np.sort(attendances.customer * span + attendances.day)
    start = draws.customer * span + draws.day
    end = draws.customer * span + np.minimum(draws.day + within_days, end_day)
    attended: Booleans = np.searchsorted(keys, end) > np.searchsorted(keys, start)
    return attended
