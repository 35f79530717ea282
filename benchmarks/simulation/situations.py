"""Situations: every simulated log by its name."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.simulation.renewal_situations import RENEWAL_SITUATIONS
from benchmarks.simulation.shop_situations import SHOP_SITUATIONS
from benchmarks.simulation.situation import Situation

SITUATIONS: Mapping[str, Situation] = {
    situation.name: situation for situation in (*RENEWAL_SITUATIONS, *SHOP_SITUATIONS)
}
