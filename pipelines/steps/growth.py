"""Growth step: counts high-value active customers, closes weeks and months, and writes the answer of the service."""

from __future__ import annotations

from datetime import UTC, datetime

from features.calendar import day_number, micros
from features.errors import NotFound
from features.storage.atomic_files import replace_text
from pipelines.home import Home
from pipelines.learning.growth.acquisition_sources import read_acquisition
from pipelines.learning.growth.closed_periods import (
    append_closed,
    read_closed,
    read_definition,
    write_definition,
)
from pipelines.learning.growth.customer_log import CustomerLog, read_customer_log
from pipelines.learning.growth.economics import ltv_to_cac_response
from pipelines.learning.growth.fixed_definition import definition_for
from pipelines.learning.growth.growth_answer import SeriesAnswer, definition_response, trend_response
from pipelines.learning.predictions.matured_snapshots import recording_lag_days
from pipelines.run_context import RunContext
from serving.growth.growth_loader import GROWTH_FILE
from serving.moments import rfc3339
from serving.schemas.growth import GrowthResponse, TodayResponse
from training.growth.definition import HighValueDefinition
from training.growth.movements import customer_states
from training.growth.period_figures import PeriodFigures
from training.growth.period_series import PeriodSeries, SeriesSource
from training.growth.trend import growth_trend

FOUR_WEEKS = 28  # days


def run(context: RunContext) -> GrowthResponse:
    """Write the figures as of the day of the run; the caller has the write lock, and ingested the log before.

    What is closed stays as it was written, so a run that was killed is repeated. Each file is replaced as a whole, the
    closed figures before the answer that shows them.

    Raises:
        StoreDamaged: closed figures cannot be read.
        NotEnoughData: the history has no order line before the day.
    """
    customers = read_customer_log(context.history)
    closed, stored = read_closed(context.home), read_definition(context.home)
    fixed = definition_for(context, customers.log, stored)
    if fixed != stored:  # at once, so that the level stays until a period is closed too
        write_definition(context.home, fixed)
    acquisition = read_acquisition(context, customers)
    source = SeriesSource(
        log=customers.log,
        definition=fixed.definition,
        acquisition=acquisition,
        today=context.as_of,
        first_day=day_number(context.history.day_range()[0]),
        closable_until=_closable_until(context),
        closed_at=rfc3339(micros(_computed_at(context))),
    )
    weeks, months = source.series("week", closed), source.series("month", closed)
    if added := _newly_closed(closed, weeks, months):
        append_closed(context.home, added)
        context.report(f"closed {', '.join(figures.period for figures in added[-3:])}")
    answer = GrowthResponse(
        as_of=context.as_of,
        computed_at=_computed_at(context),
        currency=context.config.currency,
        definition=definition_response(fixed),
        today=_today(context, customers, fixed.definition),
        trend=trend_response(growth_trend([figures.net for figures in weeks.figures])),
        weeks=SeriesAnswer(weeks, fixed.definition.digest).periods(),
        months=SeriesAnswer(months, fixed.definition.digest).periods(),
        ltv_to_cac=ltv_to_cac_response(
            context, customers, acquisition, [month for month in months.figures if month.closed_at is not None]
        ),
    )
    context.home.growth.mkdir(exist_ok=True)
    replace_text(context.home.folder / GROWTH_FILE, answer.model_dump_json())
    return answer


def read_answer(home: Home) -> GrowthResponse:
    """The newest answer of a home.

    Raises:
        NotFound: there is none, or it is damaged.
    """
    path = home.folder / GROWTH_FILE
    try:
        return GrowthResponse.model_validate_json(path.read_bytes())
    except (OSError, ValueError):
        raise NotFound(f"Found no figures of growth in {path}; expected them. Run `flywheel run`.") from None


def _closable_until(context: RunContext) -> int:
    """The last day by whose beginning all lines are recorded, and the log goes on until there."""
    recorded = day_number(context.as_of) - recording_lag_days(context.history)
    return min(recorded, day_number(context.silence.last_day) + 1)


def _newly_closed(closed: list[PeriodFigures], *series: PeriodSeries) -> list[PeriodFigures]:
    known = {figures.period for figures in closed}
    figures = [each for one_kind in series for each in one_kind.figures]
    return [each for each in figures if each.closed_at is not None and each.period not in known]


def _computed_at(context: RunContext) -> datetime:
    """The instant of the run; the beginning of the day where nobody told it."""
    return (context.consents_at or context.now.timestamp).astimezone(UTC)


def _today(context: RunContext, customers: CustomerLog, definition: HighValueDefinition) -> TodayResponse:
    today = day_number(context.as_of)
    covered = day_number(context.history.day_range()[0]) + definition.value_days
    before, now = customer_states(customers.log, definition, [today - FOUR_WEEKS, today])
    return TodayResponse(
        day=context.as_of,
        high_value_active=int(now.high_value_active.sum()),
        four_weeks_ago=int(before.high_value_active.sum()) if covered <= today - FOUR_WEEKS else None,
        active=int(now.active.sum()),
    )
