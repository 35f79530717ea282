"""RFM: scores of recency, frequency and monetary value, and the eight classic layers of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from features.arrays import Booleans, Codes, Floats
from features.config.conditions import Measure
from features.config.segmentation import Rfm

QUANTILE_COUNT = 5
# English keys with the Chinese retail terms; the first half has a high monetary score.
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
    """RFM scores of n customers; the best score is the highest."""

    recency: Codes  # (n,) from 1; 0 without an order
    frequency: Codes
    monetary: Codes  # (n,) from 1; 0 without an order or without amounts
    layer: Codes  # (n,) index into ``RFM_SEGMENTS``, -1 where a score is missing


def required_measures(config: Rfm) -> tuple[Measure, Measure, Measure]:
    """The measures that every customer needs: recency, frequency, monetary."""
    return Measure("days_since_order"), Measure("orders", config.frequency_days), Measure("spend", config.monetary_days)


def score_rfm(config: Rfm, measured: Mapping[Measure, Floats]) -> RfmScores:
    """Score customers by the configured cut points, or by fifths of the buyers without cut points, (n,) each.

    Fifths follow Hughes, Strategic Database Marketing (1994). The layers cross high and low scores; a score above the
    middle of its scale is high.
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
    """Scores, (n,): 1 plus the number of cut points that a value reaches; 0 for NaN.

    Without cut points: 1 plus the number of whole fifths of the values that are lower, so that equal values get equal
    scores.
    """
    valid = ~np.isnan(values)
    scores = np.zeros(len(values), np.int8)
    if points:
        scores[valid] = 1 + np.searchsorted(points, values[valid], "right")
    elif valid.any():
        below = np.searchsorted(np.sort(values[valid]), values[valid], "left")
        scores[valid] = 1 + QUANTILE_COUNT * below // int(valid.sum())
    return scores


def _is_low(scores: Codes, points: Sequence[float]) -> Booleans:
    top = len(points) + 1 if points else QUANTILE_COUNT
    return 2 * scores.astype(np.int64) <= top + 1
