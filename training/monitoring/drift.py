"""Drift: alarms where inputs or scores moved further from the reference of the release than chance explains.

The index alarms above a tenth, and above three times its mean without drift, which is large for small populations.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from features.arrays import Floats
from training.monitoring.population_stability import BinnedDistribution

MIN_ALARM, CHANCE_MULTIPLE = 0.1, 3.0
DriftKind = Literal["input", "score"]


@dataclass(frozen=True, kw_only=True)
class DistributionDrift:
    """Distribution drift of one input or score."""

    kind: DriftKind
    name: str
    psi: float
    limit: float  # the index above which it alarms
    reference_n: int
    current_n: int

    @property
    def alarms(self) -> bool:
        """Whether the distribution moved further than chance explains."""
        return self.psi > self.limit

    def sentence(self) -> str:
        """What moved, for people."""
        return (
            f"{self.name}: population stability index {self.psi:.2f}, expected at most {self.limit:.2f} "
            f"({self.current_n:,} customers now, {self.reference_n:,} in the reference)."
        )


def distribution_drifts(
    kind: DriftKind, reference: Mapping[str, BinnedDistribution], current: Mapping[str, Floats]
) -> list[DistributionDrift]:
    """The drift of each name that both have, the largest index first.

    Args:
        kind: what the names are.
        reference: by name, of the release.
        current: by name, (m,) values of the customers now, NaN where missing.
    """
    drifts = [
        DistributionDrift(
            kind=kind,
            name=name,
            psi=binned.stability_index(current[name]),
            limit=psi_limit(binned, len(current[name])),
            reference_n=binned.n,
            current_n=len(current[name]),
        )
        for name, binned in reference.items()
        if name in current and len(current[name])
    ]
    return sorted(drifts, key=lambda drift: -drift.psi)


def psi_limit(reference: BinnedDistribution, m: int) -> float:
    """The index above which m values alarm."""
    return max(MIN_ALARM, CHANCE_MULTIPLE * reference.expected_index(m))
