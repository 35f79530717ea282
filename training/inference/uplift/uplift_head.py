"""Uplift head: the effect of the treatment on each customer, from a score and its calibration."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from features.arrays import Floats
from training.inference.forecast import Forecast
from training.inference.uplift.calibration import UpliftCalibration
from training.inference.uplift.uplift_scores import UpliftScore, score_from_text, score_to_text

FILE = "uplift.json"


@dataclass(frozen=True)
class UpliftHead:
    """Uplift head: without a score everybody has the average effect."""

    score: UpliftScore | None
    calibration: UpliftCalibration

    def predict(self, inputs: Floats, _orders: Floats, _forecast: Forecast) -> Floats:
        """Effect, lower and upper end of its 95 % interval, (n, 3)."""
        scores = np.zeros(len(inputs)) if self.score is None else self.score.score(inputs)
        return self.calibration.effects(scores)


def head_to_files(head: UpliftHead, kind: str, names: Sequence[str]) -> dict[str, str]:
    """The head as files by name; ``kind`` is that of its score, ``names`` are those of the inputs."""
    score = None if head.score is None else score_to_text(kind, head.score)
    return {FILE: json.dumps({"names": list(names), "score": score, "calibration": head.calibration.to_json()})}


def load_uplift_head(files: Mapping[str, str], names: Sequence[str]) -> UpliftHead:
    """Build the head from ``head_to_files``'s texts.

    Raises:
        KeyError: the file, or a part of it, is missing.
        ValueError: it was fitted on other inputs.
        InvalidBooster: it holds trees that LightGBM cannot read.
    """
    payload = json.loads(files[FILE])
    if list(names) != payload["names"]:
        raise ValueError(f"its uplift reads the inputs {', '.join(payload['names'])}, the release {', '.join(names)}")
    score = None if payload["score"] is None else score_from_text(payload["score"])
    return UpliftHead(score, UpliftCalibration.from_json(payload["calibration"]))
