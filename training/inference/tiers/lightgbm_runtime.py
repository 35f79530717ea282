"""LightGBM runtime: LightGBM's own shared library through ctypes, for raw scores and SHAP values.

The lightgbm package imports pandas and scikit-learn, seconds of start-up that a serving worker does not need; its
shared library alone predicts the same numbers (LightGBM C API, ``c_api.h``).
"""

from __future__ import annotations

import ctypes
import functools
import importlib.util
import os
import re
from pathlib import Path

import numpy as np

from features.arrays import Floats

_FLOAT64, _ROW_MAJOR, _RAW, _CONTRIBUTIONS = 1, 1, 1, 3
_SINGLE_THREAD = b"num_threads=1"


class InvalidBooster(Exception):
    """The text is not a LightGBM model, or the inputs have another width."""


class Booster:
    """Booster: a gradient boosted ensemble that predicts from NumPy arrays."""

    def __init__(self, text: str) -> None:
        """Load a model that LightGBM wrote as text.

        Raises:
            InvalidBooster: LightGBM cannot read it.
        """
        if not _is_complete(text):
            raise InvalidBooster(
                "The text is not a complete LightGBM model: expected a file that LightGBM saved. Train again."
            )
        self._handle = ctypes.c_void_p()
        iterations = ctypes.c_int()
        _call("LGBM_BoosterLoadModelFromString", text.encode(), ctypes.byref(iterations), ctypes.byref(self._handle))
        features = ctypes.c_int()
        _call("LGBM_BoosterGetNumFeature", self._handle, ctypes.byref(features))
        self.features = features.value
        self._single_row = _SingleRowPredictor(self._handle, self.features)

    def __del__(self) -> None:
        if getattr(self, "_handle", None):
            self._single_row.free()
            _load_library().LGBM_BoosterFree(self._handle)

    def raw_scores(self, inputs: Floats) -> Floats:
        """Return the scores before the link function, (n,), from (n, features); NaN inputs mean missing.

        Raises:
            InvalidBooster: the inputs have another width than the training inputs.
        """
        if inputs.shape == (1, self.features):
            return self._single_row.raw_scores(inputs)
        return self._predict(inputs, _RAW, 1)[:, 0]

    def shap_values(self, inputs: Floats) -> Floats:
        """Return SHAP values and, in the last column, the expected score, (n, features + 1).

        A row sums to its score (TreeSHAP; Lundberg et al. 2020). The cost is about sixty times that of the score.

        Raises:
            InvalidBooster: the inputs have another width than the training inputs.
        """
        return self._predict(inputs, _CONTRIBUTIONS, self.features + 1)

    def _predict(self, inputs: Floats, kind: int, columns: int) -> Floats:
        inputs = np.ascontiguousarray(inputs, dtype=np.float64)
        n, width = inputs.shape
        if width != self.features:
            raise InvalidBooster(
                f"The model was trained on {self.features} inputs, found {width}. Train and publish again."
            )
        answers = np.empty((n, columns))
        written = ctypes.c_int64()
        _call(
            "LGBM_BoosterPredictForMat",
            self._handle, inputs.ctypes.data_as(ctypes.c_void_p), _FLOAT64, ctypes.c_int32(n), ctypes.c_int32(width),
            _ROW_MAJOR, kind, 0, -1, _SINGLE_THREAD, ctypes.byref(written), answers.ctypes.data_as(ctypes.c_void_p),
        )  # fmt: skip
        return answers


class _SingleRowPredictor:
    """Single-row predictor: LightGBM's fast path, at a third of the cost of a matrix with one row."""

    def __init__(self, booster: ctypes.c_void_p, features: int) -> None:
        self._fast_config = ctypes.c_void_p()
        _call(
            "LGBM_BoosterPredictForMatSingleRowFastInit",
            booster, _RAW, 0, -1, _FLOAT64, ctypes.c_int32(features), _SINGLE_THREAD, ctypes.byref(self._fast_config),
        )  # fmt: skip

    def raw_scores(self, inputs: Floats) -> Floats:
        """Return the score, (1,), from (1, features)."""
        row = np.ascontiguousarray(inputs, dtype=np.float64)
        answer, written = np.empty(1), ctypes.c_int64()
        _call(
            "LGBM_BoosterPredictForMatSingleRowFast",
            self._fast_config, ctypes.c_void_p(_address(row)), ctypes.byref(written), ctypes.c_void_p(_address(answer)),
        )  # fmt: skip
        return answer

    def free(self) -> None:
        """Free LightGBM's prepared configuration."""
        _load_library().LGBM_FastConfigFree(self._fast_config)


def _address(array: Floats) -> int:
    address: int = array.__array_interface__["data"][0]
    return address


def _is_complete(text: str) -> bool:
    # LightGBM aborts the whole process when a tree is truncated.
    header, _, trees = text.encode().partition(b"\n\n")
    sizes = re.search(rb"^tree_sizes=([\d ]+)$", header, re.MULTILINE)
    return sizes is not None and trees[sum(int(size) for size in sizes[1].split()) :].startswith(b"end of trees")


@functools.cache
def _load_library() -> ctypes.CDLL:
    spec = importlib.util.find_spec("lightgbm")
    if spec is None or spec.origin is None:
        raise ImportError("lightgbm is not installed. Expected its shared library: install the pinned requirements.")
    folder = Path(spec.origin).parent
    for name in ("lib/lib_lightgbm.so", "lib/lib_lightgbm.dylib", "bin/lib_lightgbm.dll", "lib_lightgbm.so"):
        if (folder / name).is_file():
            os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
            library = ctypes.CDLL(str(folder / name))
            library.LGBM_GetLastError.restype = ctypes.c_char_p
            return library
    raise ImportError(f"No LightGBM library in {folder}. Expected lib/lib_lightgbm.so: reinstall lightgbm.")


def _call(function: str, *arguments: object) -> None:
    if getattr(_load_library(), function)(*arguments):
        message = _load_library().LGBM_GetLastError().decode(errors="replace")
        raise InvalidBooster(f"LightGBM rejected the model or its inputs: {message}. Train again.")
