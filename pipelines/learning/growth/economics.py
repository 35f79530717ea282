"""Unit economics of a home: LTV to CAC by source and by month, or the sentence how to get them."""

from __future__ import annotations

from typing import Literal

import numpy as np

from features.arrays import Booleans
from features.calendar import day_number
from pipelines.learning.growth.cohorts import CohortSource
from pipelines.learning.growth.customer_log import CustomerLog
from pipelines.learning.growth.growth_answer import cohort_responses
from pipelines.learning.growth.predicted_value import NO_PREDICTIONS, read_predicted_values
from pipelines.run_context import RunContext
from serving.schemas.growth import LocalisedText, LtvToCacResponse
from training.growth.growth_log import AMOUNT_UNITS
from training.growth.ltv_to_cac import CustomerValues
from training.growth.mean_interval import Figure
from training.growth.new_customers import Acquisition
from training.growth.period_figures import PeriodFigures
from training.growth.refusal import GrowthRefusal

_NO_COSTS = LocalisedText(
    en="No acquisition costs are in the log. Name a table with day, source and amount in [costs] of flywheel.toml, and "
    "run flywheel run.",
    zh="日志中没有获客成本。请在 flywheel.toml 的 [costs] 中指定包含日期、来源和金额的表,然后运行 flywheel run。",
)
_TOO_SHORT = LocalisedText(
    en="No closed month yet has new customers whose first order is known to be their first. Wait for a whole month.",
    zh="还没有已结账的月份可以确认新顾客的首单。请等待一个完整的月份。",
)


def ltv_to_cac_response(
    context: RunContext, customers: CustomerLog, acquisition: Acquisition | None, months: list[PeriodFigures]
) -> LtvToCacResponse:
    """The unit economics by source and by month of the closed months, oldest first."""
    margin = context.config.business.north_star.gross_margin
    if acquisition is None:
        return _without(context, "no_costs", _NO_COSTS)
    if not months:
        return _without(context, "log_too_short", _TOO_SHORT)
    predicted = read_predicted_values(context.home, customers.customer_ids, margin or 1.0)

    def per_head(members: Booleans) -> Figure | GrowthRefusal:
        return NO_PREDICTIONS if predicted is None else predicted.per_head(members)

    log = customers.log
    realised = log.value_by_customer(0, day_number(context.as_of)) / AMOUNT_UNITS * (margin or 1.0)
    values = CustomerValues(realised=np.asarray(realised), predicted=per_head, has_amounts=log.has_amounts)
    cohorts = CohortSource(log=log, acquisition=acquisition, figures=months, today=context.as_of)
    overall = cohorts.overall(values)
    return LtvToCacResponse(
        currency=context.config.currency,
        value=_value(context, log.has_amounts),
        horizon_days=None if predicted is None else predicted.horizon_days,
        status="ok",
        overall=next(iter(cohort_responses([] if overall is None else [overall])), None),
        by_source=cohort_responses(cohorts.by_source(values)),
        by_month=cohort_responses(cohorts.by_month(values)),
    )


def _value(context: RunContext, has_amounts: bool) -> Literal["revenue", "gross_margin", "none"]:  # noqa: FBT001
    if not has_amounts:
        return "none"
    return "revenue" if context.config.business.north_star.gross_margin is None else "gross_margin"


def _without(
    context: RunContext, status: Literal["no_costs", "log_too_short"], detail: LocalisedText
) -> LtvToCacResponse:
    has_amounts = context.config.orders.amount is not None
    return LtvToCacResponse(
        currency=context.config.currency,
        value=_value(context, has_amounts),
        horizon_days=None,
        status=status,
        detail=detail,
        overall=None,
        by_source=[],
        by_month=[],
    )
