"""The highest rung: boosted trees for the hazard, the orders, the spend and the churn probability."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import numpy as np

from features.arrays import Floats
from training.inference.survival import all_periods, survival_curve
from training.inference.tiers.lightgbm_runtime import Booster, BrokenBooster, probability
from training.inference.tiers.value_heads import EXPECTATION, ValueHeads


class TreesRung:
    """Heads learned by the model pages, loaded from their artefacts; a head that is not needed may be absent."""

    def __init__(self, artefact: Mapping[str, str], names: Sequence[str], learned: Sequence[int]) -> None:
        self._names = tuple(names)
        self._churn = _booster(artefact, "churn.txt")
        self._hazard = _booster(artefact, "hazard.txt")
        self.edges = np.asarray(json.loads(artefact.get("periods.json", '{"edges": [0]}'))["edges"], dtype=float)
        self._value = ValueHeads(artefact, learned) if EXPECTATION in artefact else None

    def churn(self, inputs: Floats) -> Floats:
        """Uncalibrated P(no order within the churn horizon), (n,)."""
        return probability(_present(self._churn, "churn.txt").raw(inputs))

    def order_by(self, inputs: Floats, days: Floats) -> Floats:
        """P(order within days[j]), (n, len(days)), from the hazard of every period."""
        rows = all_periods(inputs, self._names, self.edges)
        hazards = probability(_present(self._hazard, "hazard.txt").raw(rows)).reshape(len(inputs), len(self.edges) - 1)
        return survival_curve(hazards, self.edges, days)

    def value(self, inputs: Floats, within: Floats) -> tuple[Floats, Floats | None]:
        """Orders and net amount within each learned horizon, each (n, learned), given P(order) within each."""
        return self.value_heads(inputs, within)

    @property
    def value_heads(self) -> ValueHeads:
        """The heads of orders and spend; raises BrokenBooster where the release has none."""
        if self._value is None:
            raise _missing(EXPECTATION)
        return self._value

    def churn_contributions(self, inputs: Floats) -> Floats:
        """What the log-odds of churn are made of, (n, inputs + 1)."""
        return _present(self._churn, "churn.txt").contributions(inputs)

    def hazard_contributions(self, inputs: Floats) -> Floats:
        """What the log-odds of an order in each period are made of, (n, periods, inputs + period inputs + 1)."""
        made_of = _present(self._hazard, "hazard.txt").contributions(all_periods(inputs, self._names, self.edges))
        return made_of.reshape(len(inputs), len(self.edges) - 1, made_of.shape[1])


def _booster(artefact: Mapping[str, str], name: str) -> Booster | None:
    return Booster(artefact[name]) if name in artefact else None


def _present(head: Booster | None, name: str) -> Booster:
    if head is None:
        raise _missing(name)
    return head


def _missing(name: str) -> BrokenBooster:
    return BrokenBooster(f"There is no {name}, from which this release answers. Fetch it again, or train again.")
