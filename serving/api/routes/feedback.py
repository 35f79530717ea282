"""Feedback route: topics of what customers wrote, by week and sentiment, as the nightly job counted them."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from serving.api import openapi
from serving.api.audience_work import run_in_audience_thread
from serving.api.caching import no_store
from serving.api.dependencies import app_state_of
from serving.api.experiment_work import smallest_audience
from serving.api.routing import router
from serving.auth.route_access import requires
from serving.auth.scopes import KeyScope
from serving.problems import Problem
from serving.schemas.feedback import TopicsResponse
from training.feedback.topic_weeks import TopicWeeks

ROUTER = router()


@ROUTER.get(
    "/v1/feedback/topics",
    dependencies=[requires(KeyScope.VIEW)],
    responses=openapi.success_and_problem_responses(TopicsResponse, 401, 403, 404, 503),
)
async def get_topics(request: Request) -> Response:
    """Topics of texts by week and sentiment, without the cells of too few customers."""
    app_state = app_state_of(request)
    weeks = await run_in_audience_thread(app_state, lambda: TopicWeeks.read(app_state.home))
    if weeks is None:
        raise Problem(
            404,
            "Found no counts of feedback; expected those of the last `flywheel run`. Name the table of texts in "
            "[feedback] of flywheel.toml, then run it.",
        )
    answer = TopicsResponse.from_weeks(weeks.suppressed_below(smallest_audience(request)))
    return no_store(answer.model_dump_json().encode())
