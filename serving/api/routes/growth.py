"""Growth route: high-value active customers by week and month, what moved them, and LTV to CAC."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from serving.api import openapi
from serving.api.caching import cacheable
from serving.api.dependencies import app_state_of
from serving.api.experiment_work import smallest_audience
from serving.api.routing import router
from serving.auth.route_access import requires
from serving.auth.scopes import KeyScope
from serving.growth.small_counts import suppress_small_counts
from serving.problems import Problem
from serving.schemas.growth import GrowthResponse

ROUTER = router()
NO_FIGURES = "There are no figures of growth yet: `flywheel run` writes them."


@ROUTER.get(
    "/v1/growth",
    dependencies=[requires(KeyScope.VIEW)],
    responses=openapi.success_and_problem_responses(GrowthResponse, 401, 403, 503),
)
async def get_growth(request: Request) -> Response:
    """The north star as of the last run; closed weeks and months never change, restatements stand beside them."""
    answer = growth_for(request)
    if answer is None:
        raise Problem(503, NO_FIGURES)
    return cacheable(request, answer.model_dump_json().encode())


def growth_for(request: Request) -> GrowthResponse | None:
    """The figures as the caller may see them; None before the first run."""
    answer, smallest = app_state_of(request).growth_loader.current, smallest_audience(request)
    return suppress_small_counts(answer, smallest) if answer is not None and smallest else answer
