"""Band changes: the customers of today who would be in another churn band after a promotion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.arrays import Floats, Integers
from training.inference.answers.churn import BANDS, band_codes


@dataclass(frozen=True)
class BandChanges:
    """Customers by the band that the champion and the release give them."""

    counts: Integers  # (bands, bands): champion's band, release's band

    @property
    def customers(self) -> int:
        """All customers."""
        return int(self.counts.sum())

    @property
    def changed_customers(self) -> int:
        """Customers whose band changes."""
        return self.customers - int(np.trace(self.counts))

    def moves(self) -> list[tuple[str, str, int]]:
        """Band before, band after and number of customers of every change, most customers first."""
        moves = [
            (BANDS[before], BANDS[after], int(self.counts[before, after]))
            for before, after in np.argwhere(self.counts > 0).tolist()
            if before != after
        ]
        return sorted(moves, key=lambda move: -move[2])


def band_changes(
    champion: Floats, release: Floats, champion_bands: tuple[float, float], release_bands: tuple[float, float]
) -> BandChanges:
    """Count the changes from churn probabilities of the same customers, (n,) each, and each one's thresholds."""
    counts = np.zeros((len(BANDS), len(BANDS)), dtype=np.int64)
    np.add.at(counts, (band_codes(champion, champion_bands), band_codes(release, release_bands)), 1)
    return BandChanges(counts)
