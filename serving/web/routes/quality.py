"""Quality: whether the predictions were right, which release answers, since when, and who let it."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from serving.api.app_state import AppState
from serving.api.dependencies import app_state_of
from serving.api.pages import PAGE_PATH
from serving.auth.scopes import KeyScope
from serving.observability.prediction_days import first_prediction_day
from serving.releases.release_history import ReleaseHistory
from serving.web.rendering import render
from serving.web.routing import page_access, page_router
from serving.web.views.quality import QualityView, best_simple_tier, first_result_on, rule_grades, weak_parts
from serving.web.views.realised import realised_questions

ROUTER = page_router()


@ROUTER.get(f"{PAGE_PATH}quality", dependencies=[page_access(KeyScope.PREDICT)])
async def quality(request: Request) -> Response:
    """The quality of the release that answers, and the history of the releases."""
    return render(request, "quality/index.html", await asyncio.to_thread(_view, app_state_of(request)))


def _view(app_state: AppState) -> QualityView:
    active, loader = app_state.release_loader.current, app_state.monitoring_loader
    release = None if active is None else active.release
    metadata, cards = (None, ()) if release is None else (release.metadata, release.cards)
    realised = realised_questions(loader.scorecards.scorecards)
    horizons = () if metadata is None else (metadata.churn_days, *metadata.ltv_days)
    return QualityView(
        release=None if release is None else release.version,
        churn_days=None if metadata is None else metadata.churn_days,
        rules=rule_grades(cards),
        tier=best_simple_tier(cards),
        parts=weak_parts(cards),
        realised=realised,
        first_result_on=first_result_on(first_prediction_day(app_state.home), horizons) if horizons else None,
        drift=None if release is None else loader.drift_of(release.version),
        events=ReleaseHistory(app_state.home).read().events,
    )
