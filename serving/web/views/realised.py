"""Realised view: what was promised on past days and what came, for each question, with ranges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from serving.schemas.scorecards import EstimateResponse, ScorecardResponse, Status

JUDGED = "untreated"  # the population that campaigns did not touch
MAX_DAYS = 60  # of each question, the newest


@dataclass(frozen=True)
class RealisedDay:
    """What one day's predictions promised, and what came: of each 100 that were promised."""

    day: date
    release: str
    status: Status
    came: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class RealisedQuestion:
    """One question at one horizon, the newest day last."""

    question: str  # leavers, orders or spend
    horizon_days: int
    days: tuple[RealisedDay, ...]

    @property
    def newest(self) -> RealisedDay:
        """The newest day."""
        return self.days[-1]


def realised_questions(scorecards: Sequence[ScorecardResponse]) -> tuple[RealisedQuestion, ...]:
    """The scorecards of finished windows by question and horizon; of one day the newest release counts.

    Whether a customer orders is shown as the number of those who leave, as the rest of the page does.
    """
    days: dict[tuple[str, int], dict[date, RealisedDay]] = {}
    for card in scorecards:
        if card.status != "early" and JUDGED in card.populations:
            question = "leavers" if card.question == "order" else card.question
            days.setdefault((question, card.horizon_days), {})[card.day] = _realised_day(card)
    return tuple(
        RealisedQuestion(question, horizon, tuple(by_day[day] for day in sorted(by_day)[-MAX_DAYS:]))
        for (question, horizon), by_day in sorted(days.items())
    )


def _realised_day(card: ScorecardResponse) -> RealisedDay:
    metrics = card.populations[JUDGED].metrics
    name = "complement_observed_over_expected" if card.question == "order" else "observed_over_expected"
    ratio = metrics.get(name, EstimateResponse(value=None, low=None, high=None))
    return RealisedDay(
        card.day, card.release, card.status, *(_per_hundred(end) for end in (ratio.value, ratio.low, ratio.high))
    )


def _per_hundred(ratio: float | None) -> float | None:
    return None if ratio is None else 100 * ratio
