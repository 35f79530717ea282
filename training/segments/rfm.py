"""How recently, how often and for how much does a customer order? Scores, and the eight classic layers of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from features.arrays import Booleans, Codes, Floats
from features.config.conditions import Measure
from features.config.segmentation import Rfm

QUANTILE_COUNT = 5
# In English and as Chinese retailers call them; the first half spends much.
RFM_SEGMENTS = {
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
class RfmScores:
    """The scores of n customers, the best highest."""

    recency: Codes  # (n,) 1 upwards, 0 for who never ordered
    frequency: Codes
    monetary: Codes  # (n,) 0 also without amounts
    layer: Codes  # (n,) index into LAYERS, -1 where a score is missing


def required_measures(config: Rfm) -> tuple[Measure, Measure, Measure]:
    """What has to be known of every customer: recency, frequency, monetary."""
    return Measure("days_since_order"), Measure("orders", config.frequency_days), Measure("spend", config.monetary_days)


def score_rfm(config: Rfm, measured: Mapping[Measure, Floats]) -> RfmScores:
    """The scores by the cut points of the business, or by fifths of the buyers where it gives none.

    Fifths are those of Hughes, Strategic Database Marketing (1994). The layers cross what is high with what is low, a
    score above the middle of its scale being high.
    """
    days, orders, spend = (measured[measure] for measure in required_measures(config))
    bought = ~np.isnan(days)
    recency = quantile_scores(-days, [-point for point in reversed(config.recency)])
    frequency = quantile_scores(np.where(bought, orders, np.nan), config.frequency)
    monetary = quantile_scores(np.where(bought, spend, np.nan), config.monetary)
    low = (_is_low(monetary, config.monetary), _is_low(recency, config.recency), _is_low(frequency, config.frequency))
    layer = (4 * low[0] + 2 * low[1] + low[2]).astype(np.int8)
    return RfmScores(
        recency=recency,
        frequency=frequency,
        monetary=monetary,
        layer=np.where((recency > 0) & (monetary > 0), layer, np.int8(-1)),
    )


def quantile_scores(values: Floats, points: Sequence[float]) -> Codes:
    """One more for every cut point that is reached, from 1; 0 for a nan, (n,).

    Without points: one more for every whole fifth of the others who are worth less, so that equals stay together.
    """
    known = ~np.isnan(values)
    found = np.zeros(len(values), np.int8)
    if points:
        found[known] = 1 + np.searchsorted(points, values[known], "right")
    elif known.any():
        below = np.searchsorted(np.sort(values[known]), values[known], "left")
        found[known] = 1 + QUANTILE_COUNT * below // int(known.sum())
    return found


def _is_low(scores: Codes, points: Sequence[float]) -> Booleans:
    top = len(points) + 1 if points else QUANTILE_COUNT
    return 2 * scores.astype(np.int64) <= top + 1
