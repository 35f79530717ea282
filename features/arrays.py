"""Array types: the NumPy arrays that the packages exchange, each named once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
SmallIntegers = NDArray[np.int32]
AnyIntegers = NDArray[np.integer]
Booleans = NDArray[np.bool_]
Codes = NDArray[np.int8]  # positions in a short list of words, -1 for none
Days = NDArray[np.datetime64]  # local days, NaT where there is none
RowIndices = NDArray[np.intp]
