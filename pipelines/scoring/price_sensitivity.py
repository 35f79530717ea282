"""Price sensitivity from an experiment: what a paid offer changes, instead of how often a customer used one."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from training.inference.uplift.evidence import UpliftEvidence
from training.segments.preferences import EVIDENCE_EXPERIMENT

UPLIFT_COLUMNS = ("uplift", "uplift_low", "uplift_high")
ENDS_80_OF_95 = 1.2815515655446004 / 1.959963984540054  # half the width of an 80 % interval over that of a 95 % one


def teaches_price_sensitivity(evidence: UpliftEvidence | None) -> bool:
    """Whether the treatment costs something, moves orders, and ranks customers."""
    return evidence is not None and evidence.cost > 0 and evidence.outcome.startswith("order_") and evidence.ranks


def price_sensitivity_columns(evidence: UpliftEvidence, scores: pa.Table) -> dict[str, pa.Array]:
    """The columns of price sensitivity, (n,) each, from the columns of the uplift.

    It is the share of customers like this one who order with the offer and would not without: at least 0. A customer is
    price-sensitive where that share is surely above the average effect.
    """
    effect, low, high = (scores[name].to_numpy() for name in UPLIFT_COLUMNS)
    ends = [np.clip(effect + (end - effect) * ENDS_80_OF_95, 0.0, 1.0) for end in (low, high)]
    average = 0.0 if evidence.average_effect is None else max(evidence.average_effect.value, 0.0)
    return {
        "price_sensitivity": pa.array(np.clip(effect, 0.0, 1.0), from_pandas=True),
        "price_sensitivity_p10": pa.array(ends[0], from_pandas=True),
        "price_sensitivity_p90": pa.array(ends[1], from_pandas=True),
        "price_sensitivity_evidence": pa.array([EVIDENCE_EXPERIMENT] * len(effect)),
        "preset_segment_price_sensitive": pa.array(np.nan_to_num(ends[0]) > average),
    }
