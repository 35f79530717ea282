"""Quality view: whether the predictions were right, against what the shop would do without them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from serving.schemas.releases import ReleaseEvent
from serving.schemas.scorecards import DriftResponse
from serving.web.views.realised import RealisedQuestion

CLEAR_HITS, CLEAR_GAIN = 0.05, 0.10  # from which a sure gain is a clear one: of 100 flagged, and of the error
Grade = Literal["clearly_better", "a_little_better", "as_good", "worse"]


@dataclass(frozen=True)
class RuleGrade:
    """The release beside a rule of the shop, which flags as many customers."""

    rule: str
    flagged: int
    hits: float  # of the customers that the release flags, the share that left
    rule_hits: float
    gain: float
    low: float
    high: float
    grade: Grade
    origin: date | None  # of the back-test; None for all of them


@dataclass(frozen=True)
class TierGrade:
    """The release beside the best simple tier, by the mean error of each customer's probability."""

    tier: str
    gain: float  # by how much the error is smaller, as a share of the simple tier's
    low: float
    high: float
    grade: Grade


@dataclass(frozen=True)
class WeakPart:
    """How well the release ranks a part of the customers, with its 95 % range."""

    part: str
    customers: int
    auc: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class QualityView:
    """The section Quality."""

    release: str | None  # None before the first one
    churn_days: int | None
    rules: tuple[RuleGrade, ...]
    tier: TierGrade | None
    parts: tuple[WeakPart, ...]
    realised: tuple[RealisedQuestion, ...]
    first_result_on: date | None  # where nothing is realised yet
    drift: DriftResponse | None
    events: Sequence[ReleaseEvent]
    clear_hits: float = CLEAR_HITS
    clear_gain: float = CLEAR_GAIN


def grade(gain: float, low: float, high: float, clear: float) -> Grade:
    """The grade of a gain: better only where its whole 95 % range is, and clearly from ``clear`` on."""
    if low > 0:
        return "clearly_better" if gain >= clear else "a_little_better"
    return "worse" if high < 0 else "as_good"


def rule_grades(cards: Sequence[Mapping[str, Any]]) -> tuple[RuleGrade, ...]:
    """The rules of the shop, over all back-tests where there are several; a rule that flagged nobody is left out."""
    rows = {row["rule"]: row for card in cards for row in card.get("churn_rules", ())}
    return tuple(_rule_grade(row) for row in rows.values() if row["precision"] is not None)


def _rule_grade(row: Mapping[str, Any]) -> RuleGrade:
    gain, low, high = (row[name] for name in ("precision_gain", "precision_gain_low", "precision_gain_high"))
    return RuleGrade(
        rule=row["rule"],
        flagged=row["flagged"],
        hits=row["model_precision"],
        rule_hits=row["precision"],
        gain=gain,
        low=low,
        high=high,
        grade=grade(gain, low, high, CLEAR_HITS),
        origin=None if row["origin"] is None else date.fromisoformat(row["origin"]),
    )


def best_simple_tier(cards: Sequence[Mapping[str, Any]]) -> TierGrade | None:
    """The simple tier with the smallest error on churn; None where none was tested, or by an earlier version."""
    tiers = [tier for card in cards if card["name"] == "churn" for tier in card.get("simple_tiers", ())]
    best = min(tiers, key=lambda tier: tier["loss"], default=None)
    if best is None or not best["loss"]:
        return None
    gain, low, high = (best[name] / best["loss"] for name in ("gain", "gain_low", "gain_high"))
    return TierGrade(best["tier"], gain, low, high, grade(gain, low, high, CLEAR_GAIN))


def weak_parts(cards: Sequence[Mapping[str, Any]]) -> tuple[WeakPart, ...]:
    """The parts of the customers, everybody first and then the weakest."""
    parts = [
        WeakPart(row["part"], row["customers"], row["auc"], row["low"], row["high"])
        for card in cards
        for row in card.get("slices", ())
        if row["auc"] is not None
    ]
    return (*parts[:1], *sorted(parts[1:], key=lambda part: part.auc))


def first_result_on(first_day: date | None, horizons: Sequence[int]) -> date | None:
    """The day on which the first kept predictions can be judged; None where none are kept."""
    return None if first_day is None else first_day + timedelta(days=min(horizons))
