"""Matched difference in differences: each attendee against the five most similar customers of the same cohort.

The variance is that of Abadie & Imbens (2006), Econometrica 74, 235-267, for matching with replacement, with the
residuals of a customer who is matched in several cohorts added before they are squared.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.arrays import Floats, Integers
from training.attendance.panel.panel import AttendancePanel
from training.estimate import Estimate, sum_by_customer

NEIGHBOURS = 5
BLOCK_ROWS = 256  # attendees whose distances are computed at once


@dataclass(frozen=True)
class Matches:
    """Matches of the attendees, whose number is a, as rows of the panel."""

    attendee: Integers  # (a,)
    neighbours: Integers  # (a, 5)


def match(panel: AttendancePanel, position: Floats) -> Matches:
    """The nearest comparison customers of each attendee in its cohort, by distance of ``position``, (n, d)."""
    attendees, neighbours = [], []
    for cohort in np.unique(panel.cohort):
        in_cohort = panel.cohort == cohort
        treated, controls = np.flatnonzero(in_cohort & panel.attended), np.flatnonzero(in_cohort & ~panel.attended)
        if len(controls) < NEIGHBOURS:
            continue
        attendees.append(treated)
        neighbours.append(controls[nearest(position[treated], position[controls], NEIGHBOURS)])
    if not attendees:
        return Matches(np.empty(0, np.int64), np.empty((0, NEIGHBOURS), np.int64))
    return Matches(np.concatenate(attendees), np.concatenate(neighbours))


def nearest(points: Floats, candidates: Floats, count: int) -> Integers:
    """The positions of the ``count`` nearest candidates of each point, (points, count), in no order."""
    norms = (candidates**2).sum(axis=1)
    found = [
        np.argpartition(norms - 2 * points[start : start + BLOCK_ROWS] @ candidates.T, count - 1, axis=1)[:, :count]
        for start in range(0, len(points), BLOCK_ROWS)
    ]
    return np.concatenate(found) if found else np.empty((0, count), np.int64)


def matched_effect(panel: AttendancePanel, position: Floats, matches: Matches) -> Estimate:
    """The mean effect of attending on the attendees who have a match, per week."""
    effects, count = matched_differences(panel, matches), len(matches.attendee)
    uses = np.bincount(matches.neighbours.ravel(), minlength=len(panel)) / NEIGHBOURS
    residuals = _residuals(panel, position, np.flatnonzero(uses))
    by_customer = sum_by_customer(uses * residuals, panel.customer) ** 2
    # The spread of the effects has the error of each match once already.
    counted_twice = (uses / NEIGHBOURS * residuals**2).sum()
    variance = ((effects - effects.mean()) ** 2).sum() + max(by_customer.sum() - counted_twice, 0.0)
    return Estimate(float(effects.mean()), float(np.sqrt(variance) / count))


def matched_differences(panel: AttendancePanel, matches: Matches) -> Floats:
    """The change of each attendee less the mean change of its matches, (a,)."""
    differences: Floats = panel.change[matches.attendee] - panel.change[matches.neighbours].mean(axis=1)
    return differences


def _residuals(panel: AttendancePanel, position: Floats, rows: Integers) -> Floats:
    """The change of matched customers, less that of their own neighbours, scaled to the variance of one, (n,)."""
    residuals = np.zeros(len(panel))
    for cohort in np.unique(panel.cohort[rows]):
        mine = rows[panel.cohort[rows] == cohort]
        controls = np.flatnonzero((panel.cohort == cohort) & ~panel.attended)
        own = min(NEIGHBOURS, len(controls) - 1)
        near = controls[nearest(position[mine], position[controls], own + 1)]
        is_other = near != mine[:, None]
        others = (panel.change[near] * is_other).sum(axis=1) / is_other.sum(axis=1)
        residuals[mine] = (panel.change[mine] - others) * np.sqrt(own / (own + 1))
    return residuals
