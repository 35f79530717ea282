"""What NumPy does too, at a third of its price for the few numbers of one customer."""

from __future__ import annotations

import numpy as np

from features.arrays import Floats


def clip(values: Floats, minimum: float | Floats, maximum: float | Floats) -> Floats:
    """``np.clip``."""
    return np.asarray(np.minimum(np.maximum(values, minimum), maximum))


def nan_to_zero(values: Floats) -> Floats:
    """0 where nothing is known, as ``np.nan_to_num`` has it; infinite numbers stay."""
    return np.where(np.isnan(values), 0.0, values)
