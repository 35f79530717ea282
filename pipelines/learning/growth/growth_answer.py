"""Growth answer: the figures of a home as the response that the command and the service give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from pipelines.learning.growth.closed_periods import FixedDefinition
from serving.schemas.growth import (
    AcquisitionResponse,
    CohortResponse,
    DefinitionResponse,
    FigureResponse,
    LocalisedText,
    PeriodResponse,
    RestatementResponse,
    TrendResponse,
)
from training.growth.ltv_to_cac import LtvToCac
from training.growth.mean_interval import Figure
from training.growth.period_figures import PeriodFigures
from training.growth.period_series import PeriodSeries
from training.growth.refusal import GrowthRefusal
from training.growth.trend import Trend
from training.growth.wording import RESTATEMENT_NOTES, RestatementReason, definition_text


def definition_response(fixed: FixedDefinition) -> DefinitionResponse:
    """The definition with its numbers, and as a sentence in each language."""
    definition = fixed.definition
    return DefinitionResponse(
        digest=definition.digest,
        active_days=definition.active_days,
        value_days=definition.value_days,
        level=definition.level,
        measure=definition.measure,
        fixed_on=fixed.fixed_on,
        text=LocalisedText(**definition_text(definition)),
    )


def trend_response(trend: Trend | GrowthRefusal) -> TrendResponse:
    """The trend, or why it is not stated."""
    if isinstance(trend, GrowthRefusal):
        return TrendResponse(status="log_too_short", detail=trend.detail)
    return TrendResponse(
        status="ok",
        weeks=trend.weeks,
        per_week=trend.per_week,
        low=trend.low,
        high=trend.high,
        direction=trend.direction,
    )


@dataclass(frozen=True)
class SeriesAnswer:
    """The periods of one kind, beside which restatements stand."""

    series: PeriodSeries
    digest: str  # of today's definition

    def periods(self) -> list[PeriodResponse]:
        """The whole periods, oldest first, and the one that is not over."""
        whole = [
            self._response(figures, "provisional" if figures.closed_at is None else "closed")
            for figures in self.series.figures
        ]
        partial = self.series.partial
        return whole if partial is None else [*whole, self._response(partial, "partial")]

    def _response(self, figures: PeriodFigures, status: str) -> PeriodResponse:
        values = figures.to_json()
        for name in ("kind", "now", "acquisition"):
            del values[name]
        rows = [AcquisitionResponse(**vars(row)) for row in figures.acquisition]
        return PeriodResponse.model_validate(
            {
                **values,
                "first_day": date.fromisoformat(figures.first_day),
                "end_day": date.fromisoformat(figures.end_day),
                "closed_at": figures.closed_at,
                "status": status,
                "high_value_active": figures.now,
                "acquisition": rows,
                "restated": self._restatement(figures),
            },
            strict=False,
        )

    def _restatement(self, figures: PeriodFigures) -> RestatementResponse | None:
        """What today's log gives for closed figures, where this differs."""
        recounted = self.series.recounted.get(figures.period)
        if figures.closed_at is None or recounted == figures.now:
            return None
        reason: RestatementReason = "log_changed"
        if recounted is None:
            reason = "log_begins_later"
        elif figures.definition != self.digest:
            reason = "definition_changed"
        return RestatementResponse(
            high_value_active=recounted, reason=reason, note=LocalisedText(**RESTATEMENT_NOTES[reason])
        )


def cohort_responses(cohorts: Sequence[LtvToCac]) -> list[CohortResponse]:
    """The cohorts, each figure with its interval or the reason why it is not stated."""
    return [
        CohortResponse(
            name=each.cohort.name,
            costs="closed" if each.cohort.is_closed else "restated",
            cost=each.cohort.cost,
            new_customers=each.cohort.new_customers,
            cac=_figure(each.cac),
            realised_ltv=_figure(each.realised),
            predicted_ltv=_figure(each.predicted),
            realised_ratio=_figure(each.realised_ratio),
            expected_ratio=_figure(each.expected_ratio),
        )
        for each in cohorts
    ]


def _figure(figure: float | Figure | GrowthRefusal) -> FigureResponse:
    if isinstance(figure, GrowthRefusal):
        return FigureResponse(status=figure.reason, detail=figure.detail)
    if isinstance(figure, Figure):
        return FigureResponse(status="ok", **vars(figure))
    return FigureResponse(status="ok", value=figure)
