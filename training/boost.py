"""One boosted ensemble by LightGBM, the same to the last bit on every run.

One thread each: several are fitted side by side, which a busy machine slows down far less than one fit on all cores.
"""

from __future__ import annotations

from collections.abc import Sequence

import lightgbm
import numpy as np
from numpy.typing import NDArray

from training.model import Params

_SAME_EVERY_TIME = {"seed": 0, "deterministic": True, "force_row_wise": True, "num_threads": 1, "verbosity": -1}


def boost(inputs: NDArray[np.float64], target: NDArray[np.float64], params: Params, names: Sequence[str]) -> str:
    """Fit on (n, features) and (n,), and return LightGBM's own text.

    Small data gets smaller leaves: a leaf never needs more than a fiftieth of the rows.
    """
    chosen = {**params, **_SAME_EVERY_TIME}
    chosen["min_data_in_leaf"] = max(5, min(int(params["min_data_in_leaf"]), len(target) // 50))
    rounds = int(chosen.pop("num_iterations"))
    data = lightgbm.Dataset(inputs, target, feature_name=[name.replace(" ", "_") for name in names], free_raw_data=True)
    return str(lightgbm.train(chosen, data, num_boost_round=rounds).model_to_string())
