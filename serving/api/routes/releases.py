"""Release routes: which release served when, who decided it and why, and which ones were refused."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from serving.api import openapi
from serving.api.caching import cacheable
from serving.api.dependencies import app_state_of
from serving.api.routing import router
from serving.auth.route_access import requires
from serving.auth.scopes import KeyScope
from serving.releases.release_history import ReleaseHistory
from serving.schemas.releases import ReleasesResponse

ROUTER = router()


@ROUTER.get(
    "/v1/releases",
    dependencies=[requires(KeyScope.PREDICT)],
    responses=openapi.success_and_problem_responses(ReleasesResponse, 401, 403),
)
async def get_releases(request: Request) -> Response:
    """The history of the releases, newest first: promotions, rollbacks, refusals, and what waits."""
    history = await asyncio.to_thread(ReleaseHistory(app_state_of(request).home).read)
    return cacheable(request, history.model_dump_json().encode())
