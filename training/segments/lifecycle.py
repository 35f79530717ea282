"""How far has a customer come with the shop?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from features.arrays import Floats
from features.config.conditions import Measure
from features.config.segmentation import Stage
from training.segments.rules import matches

NO_STAGE = -1  # of no stage


def lifecycle_stages(stages: Sequence[Stage], measured: Mapping[Measure, Floats], customers: int) -> NDArray[np.int16]:
    """The place of the first stage that holds of each customer, (customers,); NOWHERE where none does."""
    found = np.full(customers, NO_STAGE, np.int16)
    for place in reversed(range(len(stages))):
        found[matches(stages[place].when, measured, customers)] = place
    return found
