"""One boosted ensemble by LightGBM, the same to the last bit on every run.

One thread each: several are fitted side by side, which a busy machine slows down far less than one fit on all cores.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from types import ModuleType

import numpy as np

from features.arrays import Floats
from training.model import BoostingParams

_DETERMINISTIC_PARAMS = {"seed": 0, "deterministic": True, "force_row_wise": True, "num_threads": 1, "verbosity": -1}
_MIN_TARGET = 1e-6


def fit_gradient_boosting(
    inputs: Floats, target: Floats, params: BoostingParams, names: Sequence[str], offset: Floats | None = None
) -> str:
    """Fit on (n, features) and (n,), and return LightGBM's own text.

    Small data gets smaller leaves: a leaf never needs more than a fiftieth of the rows. With an ``offset``, (n,) on the
    link's scale, trees learn what it leaves unexplained; LightGBM then starts from it, not from its own base rate.
    """
    if not target.any():
        (inputs, target), offset = _zero_target_row(inputs, params), None
    chosen = {**params, **_DETERMINISTIC_PARAMS}
    chosen["min_data_in_leaf"] = max(5, min(int(params["min_data_in_leaf"]), len(target) // 50))
    rounds = int(chosen.pop("num_iterations"))
    lightgbm = _import_lightgbm()
    features = [name.replace(" ", "_") for name in names]
    data = lightgbm.Dataset(inputs, target, feature_name=features, init_score=offset, free_raw_data=True)
    return str(lightgbm.train(chosen, data, num_boost_round=rounds).model_to_string())


def gain_importance(text: str) -> tuple[list[str], Floats]:
    """The inputs of an ensemble and by how much splits on each lowered its loss."""
    booster = _import_lightgbm().Booster(model_str=text)
    return booster.feature_name(), np.asarray(booster.feature_importance("gain"), dtype=np.float64)


def _zero_target_row(inputs: Floats, params: BoostingParams) -> tuple[Floats, Floats]:
    # LightGBM refuses an empty table, and counts or amounts that sum to nothing.
    least = 0.0 if params["objective"] == "binary" else _MIN_TARGET
    return np.zeros((1, inputs.shape[1])), np.full(1, least)


def _import_lightgbm() -> ModuleType:
    # Threads that wait by spinning train twenty times slower on a busy machine; read once, as the library loads.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import lightgbm  # noqa: PLC0415

    return lightgbm
