"""Gradient boosting: one LightGBM ensemble, with bit-identical results on every run.

Each fit uses one thread and several fits run in parallel; on a busy machine this is faster than one fit on all cores.
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
_ZERO_TARGET_ROWS = 10


def fit_gradient_boosting(
    inputs: Floats,
    target: Floats,
    params: BoostingParams,
    names: Sequence[str],
    offset: Floats | None = None,
    weight: Floats | None = None,
) -> str:
    """Fit an ensemble on inputs (n, features) and target (n,), and return LightGBM's model text.

    A leaf needs at most a fiftieth of the rows, so that small data gets small leaves. With an ``offset``, (n,) on the
    link's scale, the trees learn the remainder, and LightGBM starts from the offset instead of its own base rate. The
    ``weight`` is (n,), by default 1 for all.
    Ke et al. (2017), "LightGBM: a highly efficient gradient boosting decision tree".
    """
    if not target.any():
        (inputs, target), offset, weight = _zero_target_rows(inputs, params), None, None
    settings = {**params, **_DETERMINISTIC_PARAMS}
    settings["min_data_in_leaf"] = max(5, min(int(params["min_data_in_leaf"]), len(target) // 50))
    if len(target) * float(settings.get("bagging_fraction", 1.0)) < 1:
        settings["bagging_fraction"] = 1.0  # LightGBM refuses a bag without a row
    rounds = int(settings.pop("num_iterations"))
    lightgbm = _import_lightgbm()
    features = [name.replace(" ", "_") for name in names]
    data = lightgbm.Dataset(inputs, target, weight=weight, feature_name=features, init_score=offset, free_raw_data=True)
    return str(lightgbm.train(settings, data, num_boost_round=rounds).model_to_string())


def gain_importance(text: str) -> tuple[list[str], Floats]:
    """Input names of an ensemble and their gain importance, (features,): the loss reduction by splits on each input."""
    booster = _import_lightgbm().Booster(model_str=text)
    return booster.feature_name(), np.asarray(booster.feature_importance("gain"), dtype=np.float64)


def _zero_target_rows(inputs: Floats, params: BoostingParams) -> tuple[Floats, Floats]:
    # LightGBM refuses a target with sum 0, an empty table, and one so small that bagging draws none of its rows.
    least = 0.0 if params["objective"] == "binary" else _MIN_TARGET
    return np.zeros((_ZERO_TARGET_ROWS, inputs.shape[1])), np.full(_ZERO_TARGET_ROWS, least)


def _import_lightgbm() -> ModuleType:
    # Spinning threads train twenty times slower on a busy machine; the library reads this once, when it loads.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import lightgbm  # noqa: PLC0415

    return lightgbm
