"""How recently, how often and for how much does a customer order? Scores, and the eight classic layers of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from features.arrays import Booleans, Codes, Floats
from features.config.conditions import Measure
from features.config.segmentation import Rfm

QUANTILES = 5
# In English and as Chinese retailers call them; the first half spends much.
LAYERS = {
    "important_keep": "重要价值",
    "important_develop": "重要发展",
    "important_retain": "重要保持",
    "important_win_back": "重要挽留",
    "ordinary_keep": "一般价值",
    "ordinary_develop": "一般发展",
    "ordinary_retain": "一般保持",
    "ordinary_win_back": "一般挽留",
}


@dataclass(frozen=True, kw_only=True)
class Scores:
    """The scores of n customers, the best highest."""

    recency: Codes  # (n,) 1 upwards, 0 for who never ordered
    frequency: Codes
    monetary: Codes  # (n,) 0 also without amounts
    layer: Codes  # (n,) index into LAYERS, -1 where a score is missing


def measures(said: Rfm) -> tuple[Measure, Measure, Measure]:
    """What has to be known of every customer: recency, frequency, monetary."""
    return Measure("days_since_order"), Measure("orders", said.frequency_days), Measure("spend", said.monetary_days)


def rfm(said: Rfm, measured: Mapping[Measure, Floats]) -> Scores:
    """The scores by the cut points of the business, or by fifths of the buyers where it gives none.

    Fifths are those of Hughes, Strategic Database Marketing (1994). The layers cross what is high with what is low, a
    score above the middle of its scale being high.
    """
    days, orders, spend = (measured[measure] for measure in measures(said))
    bought = ~np.isnan(days)
    recency = scores(-days, [-point for point in reversed(said.recency)])
    frequency = scores(np.where(bought, orders, np.nan), said.frequency)
    monetary = scores(np.where(bought, spend, np.nan), said.monetary)
    low = (_low(monetary, said.monetary), _low(recency, said.recency), _low(frequency, said.frequency))
    layer = (4 * low[0] + 2 * low[1] + low[2]).astype(np.int8)
    return Scores(
        recency=recency,
        frequency=frequency,
        monetary=monetary,
        layer=np.where((recency > 0) & (monetary > 0), layer, np.int8(-1)),
    )


def scores(worth: Floats, points: Sequence[float]) -> Codes:
    """One more for every cut point that is reached, from 1; 0 for a nan, (n,).

    Without points: one more for every whole fifth of the others who are worth less, so that equals stay together.
    """
    known = ~np.isnan(worth)
    found = np.zeros(len(worth), np.int8)
    if points:
        found[known] = 1 + np.searchsorted(points, worth[known], "right")
    elif known.any():
        below = np.searchsorted(np.sort(worth[known]), worth[known], "left")
        found[known] = 1 + QUANTILES * below // int(known.sum())
    return found


def _low(found: Codes, points: Sequence[float]) -> Booleans:
    top = len(points) + 1 if points else QUANTILES
    return 2 * found.astype(np.int64) <= top + 1
