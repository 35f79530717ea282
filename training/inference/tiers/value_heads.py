"""The value heads of the highest rung: two forecasts of the same amount that fail in different ways, and their mean."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from features.arrays import Floats
from training.inference.tiers.btyd import BtydTier
from training.inference.tiers.btyd_expectation import BtydExpectation
from training.inference.tiers.lightgbm_runtime import Booster, InvalidBooster

EXPECTATION_FILE = "expectation.json"


@dataclass(frozen=True)
class HeadGroup:
    """Of one kind, orders or spend, for every learned horizon."""

    conditional: Sequence[Booster]  # the log amount of those who come
    correction: Sequence[Booster]  # the log of what is to be made of BTYD's expectation
    base: Floats  # (learned,) what makes that expectation's total right before any tree corrects it

    def conditional_forecast(self, extended_inputs: Floats, within: Floats, minimum: float) -> Floats:
        """P(order) times what those do who come, (n, learned)."""
        return np.asarray(within * np.maximum(_exp_scores(self.conditional, extended_inputs), minimum))

    def corrected_expectation(self, extended_inputs: Floats, expected: Floats) -> Floats:
        """BTYD's expectation, corrected by trees, (n, learned)."""
        return np.asarray(expected * np.exp(self.base) * _exp_scores(self.correction, extended_inputs))


class ValueModel:
    """Orders and spend within each learned horizon.

    P(order) times the amount of those who come follows what customers with such features did; BTYD's expectation with
    its logarithm as offset of a few trees (``init_score``) follows this customer's own rate. The first drifts with the
    level of sales, the second misses what is no matter of rates; their mean was nearer than either.
    """

    def __init__(self, artifact: Mapping[str, str], learned: Sequence[int]) -> None:
        said = json.loads(artifact[EXPECTATION_FILE])
        self.expectation = BtydExpectation(BtydTier.from_json(said["btyd"]))
        self._head_groups = {
            kind: HeadGroup(
                _load_boosters(artifact, f"{kind}_came", learned),
                _load_boosters(artifact, f"{kind}_corrected", learned),
                np.asarray(base),
            )
            for kind, base in said["base"].items()
        }

    def __call__(self, inputs: Floats, within: Floats) -> tuple[Floats, Floats | None]:
        """Expected orders and net amount, each (n, learned), given P(order) within each."""
        both = self.expectation.append_to(inputs)
        orders = self._mean_forecast("orders", both, within)
        return orders, self._mean_forecast("spend", both, within) if "spend" in self._head_groups else None

    def conditional_share(self, inputs: Floats, within: Floats) -> Floats:
        """How much of the longest horizon's mean is P(order) times the amount of those who come, (n,)."""
        came, corrected = self._both_forecasts(self._explained_kind, self.expectation.append_to(inputs), within)
        return np.asarray(came[:, -1] / np.maximum(came[:, -1] + corrected[:, -1], 1e-300))

    def shap_values(self, inputs: Floats) -> tuple[Floats, Floats]:
        """What the trees of the longest horizon add up, of those who come and of the correction.

        Each (n, inputs + expectation + 1), the last column what is the same for everybody.
        """
        both, heads = self.expectation.append_to(inputs), self._head_groups[self._explained_kind]
        return heads.conditional[-1].shap_values(both), heads.correction[-1].shap_values(both)

    @property
    def _explained_kind(self) -> str:
        return "spend" if "spend" in self._head_groups else "orders"

    def _mean_forecast(self, kind: str, extended_inputs: Floats, within: Floats) -> Floats:
        came, corrected = self._both_forecasts(kind, extended_inputs, within)
        return np.asarray((came + corrected) / 2)

    def _both_forecasts(self, kind: str, extended_inputs: Floats, within: Floats) -> tuple[Floats, Floats]:
        heads = self._head_groups[kind]
        least = 1.0 if kind == "orders" else 0.0
        expected = self.expectation.extract(kind, extended_inputs)
        return heads.conditional_forecast(extended_inputs, within, least), heads.corrected_expectation(
            extended_inputs, expected
        )


def _load_boosters(artifact: Mapping[str, str], kind: str, learned: Sequence[int]) -> list[Booster]:
    files = [f"{kind}_{days}d.txt" for days in learned]
    present = [name for name in files if name in artifact]
    if present != files:
        raise InvalidBooster(f"Found {', '.join(present)}, expected {', '.join(files)}. Fetch the release again.")
    return [Booster(artifact[name]) for name in present]


def _exp_scores(heads: Sequence[Booster], inputs: Floats) -> Floats:
    return np.exp(np.column_stack([head.raw_scores(inputs) for head in heads]))
