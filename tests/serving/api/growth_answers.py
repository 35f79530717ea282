"""Answers of growth: the figures of a shop over eight weeks, as the nightly job writes them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from serving.schemas.growth import (
    CohortResponse,
    DefinitionResponse,
    FigureResponse,
    GrowthResponse,
    LocalisedText,
    LtvToCacResponse,
    PeriodResponse,
    TodayResponse,
    TrendResponse,
)
from training.growth.definition import HighValueDefinition
from training.growth.wording import definition_text

MONDAY = date(2026, 9, 28)
DEFINITION = HighValueDefinition(active_days=60, value_days=365, level=480.0, measure="spend", currency="EUR")
MOVED: dict[str, int] = {"new": 11, "won_back": 12, "upgraded": 30, "lapsed": 14, "downgraded": 19}


def week(number: int, **changes: Any) -> PeriodResponse:  # noqa: ANN401 -- any field of a period
    """One of the weeks, in which twenty customers more came in than went out."""
    first = MONDAY + timedelta(days=7 * number)
    year, iso_week, _ = first.isocalendar()
    values: dict[str, Any] = {
        "period": f"{year}-W{iso_week}", "first_day": first, "end_day": first + timedelta(days=7), "status": "closed",
        "closed_at": datetime(2026, 11, 21, tzinfo=UTC), "definition": DEFINITION.digest, "revised": 0, **MOVED,
        "previous": 500 + 20 * number, "high_value_active": 520 + 20 * number, "active": 2_000, "spend": 40_000.0,
        "new_customers": 90, "acquisition": [], "restated": None,
    }  # fmt: skip
    return PeriodResponse(**{**values, **changes})


def cohort(name: str, **changes: Any) -> CohortResponse:  # noqa: ANN401 -- any field of a cohort
    """New customers who cost 20 each and brought 50."""
    figure = FigureResponse(status="ok", value=50.0, low=45.0, high=55.0, confidence=0.95)
    ratio = FigureResponse(status="ok", value=2.5, low=2.25, high=2.75, confidence=0.95)
    values: dict[str, Any] = {
        "name": name, "costs": "closed",
        "cost": 8_000.0, "new_customers": 400, "cac": FigureResponse(status="ok", value=20.0),
        "realised_ltv": figure, "predicted_ltv": figure, "realised_ratio": ratio, "expected_ratio": ratio,
    }  # fmt: skip
    return CohortResponse(**{**values, **changes})


def growth_answer(*weeks: PeriodResponse, cohorts: tuple[CohortResponse, ...] = ()) -> GrowthResponse:
    """The figures of a shop with these weeks, or with eight that grow."""
    shown = list(weeks) or [week(number) for number in range(8)]
    return GrowthResponse(
        as_of=date(2026, 11, 23),
        computed_at=datetime(2026, 11, 23, 2, tzinfo=UTC),
        currency="EUR",
        definition=DefinitionResponse(
            digest=DEFINITION.digest,
            active_days=60,
            value_days=365,
            level=480.0,
            measure="spend",
            fixed_on=date(2026, 6, 1),
            text=LocalisedText(**definition_text(DEFINITION)),
        ),
        today=TodayResponse(day=date(2026, 11, 23), high_value_active=660, four_weeks_ago=580, active=2_000),
        trend=TrendResponse(status="ok", weeks=8, per_week=20.0, low=18.5, high=21.5, direction="rising"),
        weeks=shown,
        months=[],
        ltv_to_cac=LtvToCacResponse(
            currency="EUR",
            value="revenue",
            horizon_days=365,
            status="ok" if cohorts else "no_costs",
            detail=None if cohorts else LocalisedText(en="No acquisition costs are in the log.", zh="没有获客成本。"),
            overall=cohort("all") if cohorts else None,
            by_source=list(cohorts),
            by_month=[],
        ),
    )


def write_answer(home: Path, answer: GrowthResponse) -> None:
    """Write the figures into a home."""
    (home / "growth").mkdir(exist_ok=True)
    (home / "growth" / "growth.json").write_text(answer.model_dump_json())
