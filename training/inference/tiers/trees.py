"""Trees tier: gradient boosting for the hazard, the orders, the spend and the churn probability; the highest tier."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import numpy as np

from features.arrays import Floats
from training.inference.survival import person_period_inputs, survival_curve
from training.inference.tiers.lightgbm_runtime import Booster, InvalidBooster, sigmoid
from training.inference.tiers.value_heads import EXPECTATION_FILE, ValueModel


class TreesTier:
    """Trees tier: the heads that the models trained, loaded from artefacts; an unused head may be absent."""

    def __init__(self, artifact: Mapping[str, str], names: Sequence[str], learned: Sequence[int]) -> None:
        self._names = tuple(names)
        self._churn = _load_booster(artifact, "churn.txt")
        self._hazard = _load_booster(artifact, "hazard.txt")
        self.edges = np.asarray(json.loads(artifact.get("periods.json", '{"edges": [0]}'))["edges"], dtype=float)
        self._value_model = ValueModel(artifact, learned) if EXPECTATION_FILE in artifact else None

    def churn_probability(self, inputs: Floats) -> Floats:
        """Return the uncalibrated P(no order within the churn horizon), (n,).

        Raises:
            InvalidBooster: the release has no churn head.
        """
        return sigmoid(_require_booster(self._churn, "churn.txt").raw_scores(inputs))

    def order_by(self, inputs: Floats, days: Floats) -> Floats:
        """Return P(order within days[j]), (n, len(days)), from the hazard of every period.

        Raises:
            InvalidBooster: the release has no hazard head.
        """
        rows = person_period_inputs(inputs, self._names, self.edges)
        hazards = sigmoid(_require_booster(self._hazard, "hazard.txt").raw_scores(rows)).reshape(
            len(inputs), len(self.edges) - 1
        )
        return survival_curve(hazards, self.edges, days)

    def orders_and_spend(self, inputs: Floats, within: Floats) -> tuple[Floats, Floats | None]:
        """Return orders and net amount within each learned horizon, each (n, learned), given P(order) within each."""
        return self.value_model(inputs, within)

    @property
    def value_model(self) -> ValueModel:
        """The heads of orders and spend.

        Raises:
            InvalidBooster: the release has none.
        """
        if self._value_model is None:
            raise _missing_file(EXPECTATION_FILE)
        return self._value_model

    def churn_shap_values(self, inputs: Floats) -> Floats:
        """Return SHAP values of the log-odds of churn, (n, inputs + 1)."""
        return _require_booster(self._churn, "churn.txt").shap_values(inputs)

    def hazard_shap_values(self, inputs: Floats) -> Floats:
        """Return SHAP values of each period's log-odds of an order, (n, periods, inputs + period inputs + 1)."""
        shap_values = _require_booster(self._hazard, "hazard.txt").shap_values(
            person_period_inputs(inputs, self._names, self.edges)
        )
        return shap_values.reshape(len(inputs), len(self.edges) - 1, shap_values.shape[1])


def _load_booster(artifact: Mapping[str, str], name: str) -> Booster | None:
    return Booster(artifact[name]) if name in artifact else None


def _require_booster(head: Booster | None, name: str) -> Booster:
    if head is None:
        raise _missing_file(name)
    return head


def _missing_file(name: str) -> InvalidBooster:
    return InvalidBooster(f"The release has no {name}, which its answers need. Fetch it again, or train again.")
