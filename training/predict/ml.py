"""The highest rung: boosted trees for the hazard, the orders, the spend and the churn probability."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from training.predict.booster import Booster, BrokenBooster, probability
from training.predict.hazard import all_periods, survival_curve

Floats = NDArray[np.float64]


class TreesRung:
    """Heads learned by the model pages, loaded from their artefacts; a head that is not needed may be absent."""

    def __init__(self, artefact: Mapping[str, str], names: Sequence[str], learned: Sequence[int]) -> None:
        self._names = tuple(names)
        self._churn = _booster(artefact, "churn.txt")
        self._hazard = _booster(artefact, "hazard.txt")
        self.edges = np.asarray(json.loads(artefact.get("periods.json", '{"edges": [0]}'))["edges"], dtype=float)
        self._orders = _heads(artefact, "orders", learned)
        self._spend = _heads(artefact, "spend", learned)

    def churn(self, inputs: Floats) -> Floats:
        """Uncalibrated P(no order within the churn horizon), (n,)."""
        return probability(_present(self._churn, "churn.txt").raw(inputs))

    def order_by(self, inputs: Floats, days: Floats) -> Floats:
        """P(order within days[j]), (n, len(days)), from the hazard of every period."""
        rows = all_periods(inputs, self._names, self.edges)
        hazards = probability(_present(self._hazard, "hazard.txt").raw(rows)).reshape(len(inputs), len(self.edges) - 1)
        return survival_curve(hazards, self.edges, days)

    def expected_orders(self, inputs: Floats, within: Floats) -> Floats:
        """P(order) times the orders of those who come, (n, learned)."""
        return np.asarray(within * np.maximum(_exponentials(self._orders, inputs), 1.0))

    def mean_spend(self, inputs: Floats, within: Floats) -> Floats:
        """P(order) times the net amount of those who come, (n, learned)."""
        return np.asarray(within * _exponentials(self._spend, inputs))

    def churn_contributions(self, inputs: Floats) -> Floats:
        """What the log-odds of churn are made of, (n, inputs + 1)."""
        return _present(self._churn, "churn.txt").contributions(inputs)

    def hazard_contributions(self, inputs: Floats) -> Floats:
        """What the log-odds of an order in each period are made of, (n, periods, inputs + period inputs + 1)."""
        made_of = _present(self._hazard, "hazard.txt").contributions(all_periods(inputs, self._names, self.edges))
        return made_of.reshape(len(inputs), len(self.edges) - 1, made_of.shape[1])

    def value_contributions(self, inputs: Floats) -> Floats:
        """What the log amount of those who come is made of, over the longest learned horizon, (n, inputs + 1).

        Their log count of orders, where the log has no amounts.
        """
        heads = self._spend or self._orders
        return _present(heads[-1] if heads else None, "spend or orders").contributions(inputs)


def _booster(artefact: Mapping[str, str], name: str) -> Booster | None:
    return Booster(artefact[name]) if name in artefact else None


def _heads(artefact: Mapping[str, str], kind: str, learned: Sequence[int]) -> list[Booster]:
    files = [f"{kind}_{days}d.txt" for days in learned]
    present = [name for name in files if name in artefact]
    if present and present != files:
        raise BrokenBooster(f"Found {', '.join(present)}, expected {', '.join(files)}. Fetch the release again.")
    return [Booster(artefact[name]) for name in present]


def _present(head: Booster | None, name: str) -> Booster:
    if head is None:
        raise BrokenBooster(f"There is no {name}, from which this release answers. Fetch it again, or train again.")
    return head


def _exponentials(heads: Sequence[Booster], inputs: Floats) -> Floats:
    return np.exp(np.column_stack([head.raw(inputs) for head in heads]))
