"""Calendar page: who is due to be reminded on each day of a week or month."""

from __future__ import annotations

import asyncio
import re
from datetime import date
from typing import TYPE_CHECKING

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from features.calendar import local_day
from serving.api.audience_work import export_context, run_in_audience_thread
from serving.api.dependencies import app_state_of
from serving.api.routes.reminders import reminders
from serving.audiences.audience_service import SAMPLE_FORMAT
from serving.auth.scopes import KeyScope
from serving.problems import Problem, validation_problem
from serving.reminders.reminder_service import CATEGORY_COLUMN, TIER_COLUMN
from serving.schemas.predictions import FieldProblem
from serving.schemas.reminders import ReminderQuery, RemindersResponse
from serving.web.rendering import render
from serving.web.routing import page_access, page_router
from serving.web.views.calendar import (
    CALENDAR_PATH,
    CalendarChoice,
    CalendarOptions,
    CalendarView,
    calendar_days,
)

if TYPE_CHECKING:
    from serving.api.app_state import AppState

_YEARS = (1970, 9990)
_WEEK, _MONTH = re.compile(r"(\d{4})-W(\d{2})", re.ASCII), re.compile(r"\d{4}-\d{2}", re.ASCII)

ROUTER = page_router()


@ROUTER.get(CALENDAR_PATH, dependencies=[page_access(KeyScope.AUDIENCE)])
async def calendar(request: Request) -> Response:
    """The calendar; htmx gets the part that changes with a choice."""
    app_state = app_state_of(request)
    today = local_day(app_state.now(), app_state.zone)
    choice = _choice(request, today)
    by_day, by_category, options = await asyncio.gather(
        _counts(request, choice, "day"), _counts(request, choice, "day,category"), _options(request, app_state)
    )
    active = app_state.release_loader.current
    view = CalendarView(
        choice=choice,
        options=options,
        days=calendar_days(choice, by_day, by_category),
        today=today,
        scored_on=by_day.as_of.astimezone(app_state.zone).date(),
        lead_days=active.release.metadata.lead_days if active else None,
        horizon_days=by_day.horizon_days,
        smallest=by_day.smallest_count,
    )
    name = "calendar/_days.html" if "hx-request" in request.headers else "calendar/index.html"
    return render(request, name, view)


async def _counts(request: Request, choice: CalendarChoice, by: str) -> RemindersResponse:
    """The reminders of the period, by the day of any order, or of the chosen category."""
    column = "remind_on" if choice.category is None else "next_category_remind_on"
    query = {"from": choice.first, "to": choice.end, "by": by, "column": column, **choice.filters}
    try:
        parsed = ReminderQuery.model_validate(query)
    except ValidationError as error:
        raise validation_problem(error.errors(include_url=False), ReminderQuery) from None
    return await reminders(request, parsed)


async def _options(request: Request, app_state: AppState) -> CalendarOptions:
    """The categories and tiers that customers have, and the channels that any consent names."""
    audiences, asked = app_state.audience_service, export_context(request, SAMPLE_FORMAT)

    def read() -> CalendarOptions:
        columns = audiences.scores.columns()
        names = [name for name in (CATEGORY_COLUMN, TIER_COLUMN) if name in columns]
        described = audiences.columns.describe("marketing", None, names, asked.now, is_admin=asked.is_admin)
        values = {column.name: [str(each.value) for each in column.values or ()] for column in described.columns}
        return CalendarOptions(
            categories=sorted(values.get(CATEGORY_COLUMN, [])),
            channels=sorted(audiences.consent_filter.channels(columns)),
            tiers=values.get(TIER_COLUMN, []),
        )

    return await run_in_audience_thread(app_state, read)


def _choice(request: Request, today: date) -> CalendarChoice:
    """The choice that the address names; this week by default.

    Raises:
        Problem: 422 for a week, month or day that is none.
    """
    query = request.query_params
    filters = {name: query[name] for name in ("category", "channel", "tier") if query.get(name)}
    try:
        day = _within_years(date.fromisoformat(query["day"])) if query.get("day") else None
        if query.get("month"):
            return CalendarChoice.of_month(_within_years(_first_day(query["month"])), day=day, **filters)
        monday = _within_years(_monday(query.get("week", ""), day or today))
        return CalendarChoice.of_week(monday, day=day, **filters)
    except ValueError:
        reason = "Found no week, month or day; expected such as week=2026-W49, month=2026-12 or day=2026-12-01."
        raise Problem(422, reason, [FieldProblem(field="week", reason=reason)]) from None


def _within_years(day: date) -> date:
    """The day, if the weeks around it have dates too."""
    if not _YEARS[0] <= day.year <= _YEARS[1]:
        raise ValueError(day)
    return day


def _monday(text: str, day: date) -> date:
    """The Monday of an ISO week (ISO 8601), or a day without one."""
    if not text:
        return day
    match = _WEEK.fullmatch(text)
    if match is None:
        raise ValueError(text)
    return date.fromisocalendar(int(match[1]), int(match[2]), 1)


def _first_day(text: str) -> date:
    if not _MONTH.fullmatch(text):
        raise ValueError(text)
    return date.fromisoformat(f"{text}-01")
