"""Uplift evidence: the experiment behind the uplift of a release, as its manifest holds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

EVERYBODY, NOBODY = "everybody", "nobody"


@dataclass(frozen=True)
class Interval:
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class UpliftEvidence:
    """Uplift evidence: what was compared, for how many customers, and which policy the evidence allows."""

    experiment_id: str
    arm: str
    control: str
    cost: float  # of one decision for the arm, in the currency of the shop
    outcome: str  # the metric, such as order_28d
    within_days: int
    customers: int  # matured, of the arm and of control
    policy: str | None  # a candidate, everybody or nobody; None where not even the average effect is clear
    reason: str | None  # a refusal's, where nobody is ranked
    detail: str  # one sentence on the policy
    average_effect: Interval | None  # of the arm, per customer; None where too few customers matured
    qini: Interval | None  # of the whole choice, on folds that chose nothing; None where no candidate passed
    candidates: Mapping[str, Interval]  # Qini by candidate

    @property
    def ranks(self) -> bool:
        """Whether customers differ in their uplift."""
        return self.policy is not None and self.policy not in (EVERYBODY, NOBODY)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> UpliftEvidence:
        """Build the evidence from ``to_json``'s values."""
        intervals = {
            name: None if payload[name] is None else Interval(**payload[name]) for name in ("average_effect", "qini")
        }
        candidates = {name: Interval(**value) for name, value in payload["candidates"].items()}
        return cls(**{**payload, **intervals, "candidates": candidates})
