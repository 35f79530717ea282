"""Of whom do the business' own rules hold?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import numpy as np

from features.arrays import Booleans, Floats
from features.config.conditions import Bounds, Conditions, Measure


def matches(conditions: Conditions, measured: Mapping[Measure, Floats], customers: int) -> Booleans:
    """Whether all conditions hold, (customers,); what is not known of somebody fulfils none."""
    found = np.ones(customers, np.bool_)
    for measure, bounds in conditions.bounds.items():
        found &= _in_bounds(measured[measure], bounds)
    return found


def column_names(segments: Iterable[str]) -> dict[str, str]:
    """A column for every segment, whatever it is called: "big baskets", "big-baskets", "!"."""
    names: dict[str, str] = {}
    for segment in segments:
        slug = re.sub(r"\W+", "_", segment.lower()).strip("_") or "unnamed"
        tries = (f"segment_{slug}{mark}" for mark in ("", *(f"_{number}" for number in range(2, len(names) + 3))))
        names[segment] = next(name for name in tries if name not in names.values())
    return names


def _in_bounds(values: Floats, bounds: Bounds) -> Booleans:
    # No comparison holds of a nan, so one bound is enough to leave it out.
    found = np.ones(len(values), np.bool_)
    for word, bound in bounds.given_bounds.items():
        match word:
            case "at_least":
                found &= values >= bound
            case "at_most":
                found &= values <= bound
            case "above":
                found &= values > bound
            case _:
                found &= values < bound
    return found
