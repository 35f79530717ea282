"""The value heads of the highest rung: two forecasts of the same amount that fail in different ways, and their mean."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from features.arrays import Floats
from training.inference.tiers.btyd import BtydRung
from training.inference.tiers.btyd_expectation import Expectation
from training.inference.tiers.lightgbm_runtime import Booster, BrokenBooster

EXPECTATION = "expectation.json"


@dataclass(frozen=True)
class Heads:
    """Of one kind, orders or spend, for every learned horizon."""

    came: Sequence[Booster]  # the log amount of those who come
    corrected: Sequence[Booster]  # the log of what is to be made of BTYD's expectation
    base: Floats  # (learned,) what makes that expectation's total right before any tree corrects it

    def of_those_who_come(self, both: Floats, within: Floats, least: float) -> Floats:
        """P(order) times what those do who come, (n, learned)."""
        return np.asarray(within * np.maximum(_exponentials(self.came, both), least))

    def of_expectation(self, both: Floats, expected: Floats) -> Floats:
        """BTYD's expectation, corrected by trees, (n, learned)."""
        return np.asarray(expected * np.exp(self.base) * _exponentials(self.corrected, both))


class ValueHeads:
    """Orders and spend within each learned horizon.

    P(order) times the amount of those who come follows what customers with such features did; BTYD's expectation with
    its logarithm as offset of a few trees (``init_score``) follows this customer's own rate. The first drifts with the
    level of sales, the second misses what is no matter of rates; their mean was nearer than either.
    """

    def __init__(self, artefact: Mapping[str, str], learned: Sequence[int]) -> None:
        said = json.loads(artefact[EXPECTATION])
        self.expectation = Expectation(BtydRung.from_json(said["btyd"]))
        self._heads = {
            kind: Heads(
                _boosters(artefact, f"{kind}_came", learned),
                _boosters(artefact, f"{kind}_corrected", learned),
                np.asarray(base),
            )
            for kind, base in said["base"].items()
        }

    def __call__(self, inputs: Floats, within: Floats) -> tuple[Floats, Floats | None]:
        """Expected orders and net amount, each (n, learned), given P(order) within each."""
        both = self.expectation.beside(inputs)
        orders = self._mean("orders", both, within)
        return orders, self._mean("spend", both, within) if "spend" in self._heads else None

    def share_of_came(self, inputs: Floats, within: Floats) -> Floats:
        """How much of the longest horizon's mean is P(order) times the amount of those who come, (n,)."""
        came, corrected = self._forecasts(self._told, self.expectation.beside(inputs), within)
        return np.asarray(came[:, -1] / np.maximum(came[:, -1] + corrected[:, -1], 1e-300))

    def contributions(self, inputs: Floats) -> tuple[Floats, Floats]:
        """What the trees of the longest horizon add up, of those who come and of the correction.

        Each (n, inputs + expectation + 1), the last column what is the same for everybody.
        """
        both, heads = self.expectation.beside(inputs), self._heads[self._told]
        return heads.came[-1].contributions(both), heads.corrected[-1].contributions(both)

    @property
    def _told(self) -> str:
        return "spend" if "spend" in self._heads else "orders"

    def _mean(self, kind: str, both: Floats, within: Floats) -> Floats:
        came, corrected = self._forecasts(kind, both, within)
        return np.asarray((came + corrected) / 2)

    def _forecasts(self, kind: str, both: Floats, within: Floats) -> tuple[Floats, Floats]:
        heads = self._heads[kind]
        least = 1.0 if kind == "orders" else 0.0
        expected = self.expectation.of(kind, both)
        return heads.of_those_who_come(both, within, least), heads.of_expectation(both, expected)


def _boosters(artefact: Mapping[str, str], kind: str, learned: Sequence[int]) -> list[Booster]:
    files = [f"{kind}_{days}d.txt" for days in learned]
    present = [name for name in files if name in artefact]
    if present != files:
        raise BrokenBooster(f"Found {', '.join(present)}, expected {', '.join(files)}. Fetch the release again.")
    return [Booster(artefact[name]) for name in present]


def _exponentials(heads: Sequence[Booster], inputs: Floats) -> Floats:
    return np.exp(np.column_stack([head.raw(inputs) for head in heads]))
