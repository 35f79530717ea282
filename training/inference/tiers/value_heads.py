"""Value heads: the mean of two forecasts of orders and spend, one given an order and one that corrects BTYD."""

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
    """Head group: the heads of orders or of spend, one per learned horizon."""

    conditional: Sequence[Booster]  # log amount given an order
    correction: Sequence[Booster]  # log of the factor on BTYD's expectation
    base: Floats  # (learned,) log of the factor that corrects the expectation's total before any tree

    def conditional_forecast(self, extended_inputs: Floats, within: Floats, minimum: float) -> Floats:
        """Return P(order) times the amount given an order, (n, learned)."""
        return np.asarray(within * np.maximum(_exp_scores(self.conditional, extended_inputs), minimum))

    def corrected_expectation(self, extended_inputs: Floats, expected: Floats) -> Floats:
        """Return BTYD's expectation times the trees' correction, (n, learned)."""
        return np.asarray(expected * np.exp(self.base) * _exp_scores(self.correction, extended_inputs))


class ValueModel:
    """Value model: orders and spend within each learned horizon.

    The first forecast is P(order) times the amount given an order, learned from customers with similar features. The
    second is BTYD's expectation, with its logarithm as the offset of a few trees (``init_score``); it follows the
    customer's own rate. The first drifts with the level of sales, the second ignores everything except rates. Their
    mean was more accurate than either.
    """

    def __init__(self, artifact: Mapping[str, str], learned: Sequence[int]) -> None:
        payload = json.loads(artifact[EXPECTATION_FILE])
        self.expectation = BtydExpectation(BtydTier.from_json(payload["btyd"]))
        self._head_groups = {
            kind: HeadGroup(
                _load_boosters(artifact, f"{kind}_came", learned),
                _load_boosters(artifact, f"{kind}_corrected", learned),
                np.asarray(base),
            )
            for kind, base in payload["base"].items()
        }

    def __call__(self, inputs: Floats, within: Floats) -> tuple[Floats, Floats | None]:
        """Return expected orders and net amount, each (n, learned), given P(order) within each."""
        extended_inputs = self.expectation.append_to(inputs)
        orders = self._mean_forecast("orders", extended_inputs, within)
        return orders, self._mean_forecast("spend", extended_inputs, within) if "spend" in self._head_groups else None

    def conditional_share(self, inputs: Floats, within: Floats) -> Floats:
        """Return the share of the conditional forecast in the longest horizon's mean, (n,)."""
        conditional, corrected = self._both_forecasts(self._explained_kind, self.expectation.append_to(inputs), within)
        return np.asarray(conditional[:, -1] / np.maximum(conditional[:, -1] + corrected[:, -1], 1e-300))

    def shap_values(self, inputs: Floats) -> tuple[Floats, Floats]:
        """Return SHAP values of the conditional and of the correcting head of the longest horizon.

        Each is (n, inputs + expectation + 1); the last column is the expected score.
        """
        extended_inputs, heads = self.expectation.append_to(inputs), self._head_groups[self._explained_kind]
        return heads.conditional[-1].shap_values(extended_inputs), heads.correction[-1].shap_values(extended_inputs)

    @property
    def _explained_kind(self) -> str:
        return "spend" if "spend" in self._head_groups else "orders"

    def _mean_forecast(self, kind: str, extended_inputs: Floats, within: Floats) -> Floats:
        conditional, corrected = self._both_forecasts(kind, extended_inputs, within)
        return np.asarray((conditional + corrected) / 2)

    def _both_forecasts(self, kind: str, extended_inputs: Floats, within: Floats) -> tuple[Floats, Floats]:
        heads = self._head_groups[kind]
        minimum = 1.0 if kind == "orders" else 0.0
        expected = self.expectation.extract(kind, extended_inputs)
        return heads.conditional_forecast(extended_inputs, within, minimum), heads.corrected_expectation(
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
