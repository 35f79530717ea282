"""Lifecycle: the stage of each customer, from potential customer to loyal or lapsed buyer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from features.arrays import Floats
from features.config.conditions import Measure
from features.config.segmentation import Stage
from training.segments.rules import matches

NO_STAGE = -1  # code of a customer without a stage


def lifecycle_stages(stages: Sequence[Stage], measured: Mapping[Measure, Floats], customers: int) -> NDArray[np.int16]:
    """Index of the first stage whose conditions each customer meets, (customers,); ``NO_STAGE`` without one."""
    codes = np.full(customers, NO_STAGE, np.int16)
    for index in reversed(range(len(stages))):
        codes[matches(stages[index].when, measured, customers)] = index
    return codes
