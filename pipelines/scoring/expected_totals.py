"""Expected totals of a shop: buyers, orders and revenue of all scored customers, with their 80 % intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from serving.audiences.estimates.expected_totals import ExpectedTotals, choose_horizon, expected_totals
from serving.audiences.query.scores_table import ScoresFile


def shop_totals(path: Path, cards: Sequence[Mapping[str, Any]], horizon_days: int | None = None) -> ExpectedTotals:
    """Sum the scores table over one horizon, as an audience of all customers would.

    Args:
        path: of the scores table.
        cards: of the release that scored.
        horizon_days: in days; default: the longest tested horizon of the table.

    Raises:
        InvalidAudienceRequest: the table has no columns of the requested horizon.
    """
    columns = ScoresFile(path).columns()
    return expected_totals(columns, np.arange(len(columns)), choose_horizon(horizon_days, columns, cards), cards)
