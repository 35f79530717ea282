"""Segment rules: the conditions of the business' own segments, evaluated for every customer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import numpy as np

from features.arrays import Booleans, Floats
from features.config.conditions import Bounds, Conditions, Measure


def matches(conditions: Conditions, measured: Mapping[Measure, Floats], customers: int) -> Booleans:
    """Whether all conditions hold, (customers,); a missing measure meets no condition."""
    mask = np.ones(customers, np.bool_)
    for measure, bounds in conditions.bounds.items():
        mask &= _in_bounds(measured[measure], bounds)
    return mask


def column_names(segments: Iterable[str]) -> dict[str, str]:
    """A unique column name for every segment name, such as "big baskets", "big-baskets" or "!"."""
    names: dict[str, str] = {}
    for segment in segments:
        slug = re.sub(r"\W+", "_", segment.lower()).strip("_") or "unnamed"
        tries = (f"segment_{slug}{suffix}" for suffix in ("", *(f"_{number}" for number in range(2, len(names) + 3))))
        names[segment] = next(name for name in tries if name not in names.values())
    return names


def _in_bounds(values: Floats, bounds: Bounds) -> Booleans:
    # No comparison holds for NaN, so one bound is enough to exclude it.
    mask = np.ones(len(values), np.bool_)
    for operator, bound in bounds.given_bounds.items():
        match operator:
            case "at_least":
                mask &= values >= bound
            case "at_most":
                mask &= values <= bound
            case "above":
                mask &= values > bound
            case _:
                mask &= values < bound
    return mask
