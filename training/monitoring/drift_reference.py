"""Drift reference: inputs, scores and volumes at the training of a release; it ships with the release."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from features.arrays import Floats
from training.monitoring.daily_volumes import DailyVolumes
from training.monitoring.population_stability import BinnedDistribution

REFERENCE_FILE = "drift_reference.json"
CHURN_SCORE = "churn_probability"
MAX_WINDOW_DAYS = 91  # a longer window grows with a young log, as a counter of a lifetime does
_WINDOW = re.compile(r"_(\d+)d(_over_\d+d)?$")


@dataclass(frozen=True, kw_only=True)
class DriftReference:
    """Drift reference of a release: deciles of inputs and scores, and daily volumes."""

    as_of: date  # the day of the training cutoff
    inputs: Mapping[str, BinnedDistribution]
    scores: Mapping[str, BinnedDistribution]
    volumes: DailyVolumes

    @classmethod
    def from_population(
        cls, as_of: date, names: Sequence[str], inputs: Floats, scores: Mapping[str, Floats], volumes: DailyVolumes
    ) -> DriftReference:
        """The reference of n customers: inputs (n, names), of which the windows are watched, and scores (n,)."""
        return cls(
            as_of=as_of,
            inputs={
                name: BinnedDistribution.from_values(column)
                for name, column in zip(names, inputs.T, strict=True)
                if is_windowed(name)
            },
            scores={name: BinnedDistribution.from_values(values) for name, values in scores.items()},
            volumes=volumes,
        )

    def to_json(self) -> str:
        """The text of the file of the release."""
        return json.dumps({**asdict(self), "as_of": str(self.as_of), "volumes": self.volumes.to_json()})

    @classmethod
    def from_json(cls, text: str | bytes) -> DriftReference:
        """The reference in the text of the file.

        Raises:
            ValueError, KeyError, TypeError: another version of Flywheel wrote the text.
        """
        payload = json.loads(text)
        return cls(
            as_of=date.fromisoformat(payload["as_of"]),
            inputs=_distributions(payload["inputs"]),
            scores=_distributions(payload["scores"]),
            volumes=DailyVolumes.from_json(payload["volumes"]),
        )


def is_windowed(name: str) -> bool:
    """Whether an input looks back over a fixed time, or is a recency; counters of a lifetime drift by themselves."""
    window = _WINDOW.search(name)
    return name.endswith("recency_days") or (window is not None and int(window[1]) <= MAX_WINDOW_DAYS)


def _distributions(payload: Mapping[str, Any]) -> dict[str, BinnedDistribution]:
    return {
        name: BinnedDistribution(tuple(binned["edges"]), tuple(binned["counts"])) for name, binned in payload.items()
    }
