"""Uplift scores: what ranks customers by the effect of a treatment, one class for each kind of candidate.

A score only ranks. ``calibration.UpliftCalibration`` turns it into an effect with an interval.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from features.arrays import Floats
from training.inference.average.regression import Regression
from training.inference.tiers.lightgbm_runtime import Booster

MISSING_RANK = 0.5  # a customer without the feature stands in the middle


class UpliftScore(Protocol):
    """Uplift score: a higher score is a greater expected effect."""

    def score(self, inputs: Floats) -> Floats:
        """Finite scores, (n,), from inputs (n, names); NaN inputs mean missing."""
        ...

    def to_json(self) -> dict[str, Any]:
        """Plain values, without ``kind``."""
        ...


@dataclass(frozen=True)
class OneFeatureRule:
    """One-feature rule: the rank of a customer's value of one feature within the training sample, 0 to 1."""

    column: int  # of the inputs
    quantiles: Floats  # (points,) of the feature, ascending
    sign: int  # 1: the effect rises with the feature, -1: it falls

    def score(self, inputs: Floats) -> Floats:
        """Mid-rank between the quantiles, (n,), from the other end for a negative sign."""
        values = inputs[:, self.column]
        below, upto = np.searchsorted(self.quantiles, values, "left"), np.searchsorted(self.quantiles, values, "right")
        rank = (below + upto) / (2.0 * len(self.quantiles))
        return np.where(np.isnan(values), MISSING_RANK, rank if self.sign > 0 else 1 - rank)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {**vars(self), "quantiles": self.quantiles.tolist()}

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> OneFeatureRule:
        """Build the rule from ``to_json``'s values."""
        return cls(**{**payload, "quantiles": np.asarray(payload["quantiles"], dtype=float)})


@dataclass(frozen=True)
class LinearResponse:
    """Linear response: the expected outcome by one regression of standardised columns."""

    regression: Regression
    is_binary: bool  # logistic instead of linear

    def score(self, inputs: Floats) -> Floats:
        """The expected outcome, (n,); a missing value counts as the mean of training."""
        linear = np.nan_to_num(self.regression.terms(inputs)).sum(axis=1) + self.regression.intercept
        return logistic(linear) if self.is_binary else np.asarray(linear)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"regression": self.regression.to_text(), "is_binary": self.is_binary}

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> LinearResponse:
        """Build the response from ``to_json``'s values."""
        return cls(Regression.from_text(payload["regression"]), payload["is_binary"])


@dataclass(frozen=True)
class LinearTLearner:
    """Linear T-learner: the expected outcome of the treated less that of the others (Künzel et al. 2019)."""

    treated: LinearResponse
    control: LinearResponse

    def score(self, inputs: Floats) -> Floats:
        """The difference of the two expected outcomes, (n,)."""
        return self.treated.score(inputs) - self.control.score(inputs)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"treated": self.treated.to_json(), "control": self.control.to_json()}

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> LinearTLearner:
        """Build the learner from ``to_json``'s values."""
        return cls(LinearResponse.from_json(payload["treated"]), LinearResponse.from_json(payload["control"]))


class BoostedResponse:
    """Boosted response: the expected outcome by one ensemble of trees."""

    def __init__(self, text: str, *, is_binary: bool) -> None:
        self.text, self.is_binary = text, is_binary
        self._booster = Booster(text)

    def score(self, inputs: Floats) -> Floats:
        """The expected outcome, (n,)."""
        raw = self._booster.raw_scores(inputs)
        return logistic(raw) if self.is_binary else raw


@dataclass(frozen=True)
class BoostedTLearner:
    """Boosted T-learner: one ensemble for the treated and one for the others (Künzel et al. 2019)."""

    treated: BoostedResponse
    control: BoostedResponse

    def score(self, inputs: Floats) -> Floats:
        """The difference of the two expected outcomes, (n,)."""
        return self.treated.score(inputs) - self.control.score(inputs)

    def to_json(self) -> dict[str, Any]:
        """Plain values: the texts of the ensembles."""
        return {"treated": self.treated.text, "control": self.control.text, "is_binary": self.treated.is_binary}

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> BoostedTLearner:
        """Build the learner from ``to_json``'s values; raises InvalidBooster for another text."""
        return cls(*(BoostedResponse(payload[arm], is_binary=payload["is_binary"]) for arm in ("treated", "control")))


@dataclass(frozen=True)
class BoostedSLearner:
    """Boosted S-learner: one ensemble that has the treatment as its last input (Künzel et al. 2019)."""

    response: BoostedResponse

    def score(self, inputs: Floats) -> Floats:
        """The expected outcome with the treatment less that without, (n,)."""
        return self.response.score(with_treatment(inputs, 1.0)) - self.response.score(with_treatment(inputs, 0.0))

    def to_json(self) -> dict[str, Any]:
        """Plain values: the text of the ensemble."""
        return {"response": self.response.text, "is_binary": self.response.is_binary}

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> BoostedSLearner:
        """Build the learner from ``to_json``'s values; raises InvalidBooster for another text."""
        return cls(BoostedResponse(payload["response"], is_binary=payload["is_binary"]))


SCORE_KINDS: Mapping[str, Any] = {
    "one_feature_rule": OneFeatureRule,
    "response": LinearResponse,
    "linear_t": LinearTLearner,
    "boosted_s": BoostedSLearner,
    "boosted_t": BoostedTLearner,
}


def score_to_text(kind: str, score: UpliftScore) -> str:
    """A score as JSON text."""
    return json.dumps({"kind": kind, **score.to_json()})


def score_from_text(text: str) -> UpliftScore:
    """Build a score from ``score_to_text``'s JSON; raises KeyError for an unknown kind."""
    payload = json.loads(text)
    score: UpliftScore = SCORE_KINDS[payload.pop("kind")].from_json(payload)
    return score


def with_treatment(inputs: Floats, treated: Floats | float) -> Floats:
    """The inputs followed by the treatment, (n, names + 1)."""
    return np.column_stack([inputs, np.broadcast_to(treated, len(inputs))])


def logistic(log_odds: Floats) -> Floats:
    """Probabilities of log-odds, (n,)."""
    return np.asarray(1 / (1 + np.exp(-np.clip(log_odds, -500, 500))))
