"""Today: whether to trust the numbers, who is about to leave, the preset segments, and what changed."""

from __future__ import annotations

from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from features.calendar import instant, local_day, micros
from serving.api.app_state import AppState
from serving.api.audience_work import run_in_audience_thread
from serving.api.auth_middleware import caller
from serving.api.dependencies import app_state_of
from serving.api.experiment_work import smallest_audience
from serving.api.pages import PAGE_PATH
from serving.api.routes.reminders import reminders
from serving.audiences.preset_sizes import PresetSegments, PresetSizes, read_scored_at
from serving.auth.api_keys import Caller
from serving.auth.scopes import KeyScope, allows
from serving.growth.small_counts import suppress_small_counts
from serving.moments import rfc3339
from serving.problems import Problem
from serving.releases.readiness_report import ReadinessReport
from serving.releases.release_history import ReleaseHistory
from serving.schemas.feedback import TopicsResponse
from serving.schemas.releases import ReleaseEvent
from serving.schemas.reminders import ReminderQuery
from serving.web.language import language_of
from serving.web.rendering import render
from serving.web.routing import page_access, page_router
from serving.web.views.feedback import FeedbackView, feedback_view
from serving.web.views.growth import GrowthView, growth_view
from serving.web.views.readiness import ReadinessView
from serving.web.views.segment_cards import SegmentCards, segment_cards
from serving.web.views.today import (
    ActsView,
    DueDay,
    TodayView,
    TrustView,
    acts_view,
    due_days,
    trust_view,
)
from training.feedback.topic_weeks import TopicWeeks

DUE_DAYS, NEWS_DAYS = 7, 7
UNPROCESSABLE = 422
MAX_RELEASE_NEWS = 5

ROUTER = page_router()


@ROUTER.get(PAGE_PATH.rstrip("/"), dependencies=[page_access()])
async def without_slash(request: Request) -> Response:  # noqa: ARG001 - the framework passes it
    """The page's address without its last slash."""
    return RedirectResponse(PAGE_PATH, 308)


@ROUTER.get(PAGE_PATH, dependencies=[page_access()])
async def today(request: Request) -> Response:
    """The page Today; without a release, what to do first."""
    app_state = app_state_of(request)
    if app_state.release_loader.current is None:
        return render(request, "today/no_release.html", _readiness_view(app_state, smallest_audience(request)))
    return render(request, "today/index.html", await _today_view(request, app_state, caller(request)))


def _readiness_view(app_state: AppState, smallest: int) -> ReadinessView | None:
    report = ReadinessReport.read(app_state.home)
    return None if report is None else ReadinessView(report, smallest)


async def _today_view(request: Request, app_state: AppState, asked_by: Caller) -> TodayView:
    smallest = smallest_audience(request)
    sizes, due, problem = None, None, None
    if allows(asked_by.scopes, KeyScope.AUDIENCE):
        try:
            sizes = await run_in_audience_thread(app_state, lambda: _preset_sizes(app_state, smallest))
            due = await _due_days(request, app_state)
        except Problem:
            problem = "sizes_unavailable"
    return TodayView(
        trust=await _trust_view(app_state),
        sizes=sizes,
        segments=None if sizes is None else _segment_cards(app_state, sizes, smallest),
        smallest=smallest,
        sizes_problem=problem,
        due=due,
        releases=await _release_news(app_state) if allows(asked_by.scopes, KeyScope.PREDICT) else None,
        acts=await _acts(app_state, smallest) if allows(asked_by.scopes, KeyScope.VIEW) else None,
        growth=_growth_view(request, app_state, smallest) if allows(asked_by.scopes, KeyScope.VIEW) else None,
        feedback=await _feedback_view(app_state, smallest) if allows(asked_by.scopes, KeyScope.VIEW) else None,
    )


def _segment_cards(app_state: AppState, sizes: PresetSizes, smallest: int) -> SegmentCards:
    scored_on = local_day(app_state.now() if sizes.scored_at is None else micros(sizes.scored_at), app_state.zone)
    return segment_cards(sizes, app_state.growth_loader.nights, scored_on, smallest)


def _growth_view(request: Request, app_state: AppState, smallest: int) -> GrowthView | None:
    answer = app_state.growth_loader.current
    return None if answer is None else growth_view(suppress_small_counts(answer, smallest), language_of(request))


async def _feedback_view(app_state: AppState, smallest: int) -> FeedbackView | None:
    weeks = await run_in_audience_thread(app_state, lambda: TopicWeeks.read(app_state.home))
    return None if weeks is None else feedback_view(TopicsResponse.from_weeks(weeks.suppressed_below(smallest)))


async def _due_days(request: Request, app_state: AppState) -> tuple[DueDay, ...] | None:
    """The customers who are due in the week from today on; None where the table does not tell it."""
    first = local_day(app_state.now(), app_state.zone)
    week = {"from": first, "to": first + timedelta(days=DUE_DAYS), "by": "day", "column": "remind_on"}
    try:
        return due_days(await reminders(request, ReminderQuery.model_validate(week)))
    except Problem as problem:
        if problem.status == UNPROCESSABLE:  # a table without reminders
            return None
        raise


def _preset_sizes(app_state: AppState, smallest: int) -> PresetSizes:
    audiences = app_state.audience_service
    segments = PresetSegments(app_state.home, audiences.scores, audiences.consent_filter, audiences.derive_key)
    return segments.sizes(app_state.now(), app_state.machine_now(), smallest)


async def _trust_view(app_state: AppState) -> TrustView:
    metadata = app_state.prediction_service.active_release().release
    now = instant(app_state.now()).astimezone(app_state.zone)
    try:
        scored_at = await run_in_audience_thread(app_state, lambda: read_scored_at(app_state.audience_service.scores))
    except Problem:
        scored_at = None
    return trust_view(metadata.version, scored_at, app_state.log_silence(), now, metadata.metadata.max_feature_age_days)


async def _release_news(app_state: AppState) -> tuple[ReleaseEvent, ...]:
    """What happened to releases in the last days, and in any case how the present one came."""
    since = instant(app_state.machine_now()) - timedelta(days=NEWS_DAYS)

    def read() -> tuple[ReleaseEvent, ...]:
        events = ReleaseHistory(app_state.home).read().events
        recent = [event for event in events if event.at is not None and event.at >= since]
        return tuple(recent or [event for event in events if event.serving])[:MAX_RELEASE_NEWS]

    return await run_in_audience_thread(app_state, read)


async def _acts(app_state: AppState, smallest: int) -> ActsView | None:
    since: datetime = instant(app_state.machine_now()) - timedelta(days=NEWS_DAYS)

    def read() -> ActsView | None:
        try:
            return acts_view(app_state.recent_acts.count(rfc3339(micros(since))), smallest)
        except OSError:
            return None

    return await run_in_audience_thread(app_state, read)
