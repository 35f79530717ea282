"""Model routes: the models of the active release, each with a short model card."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from serving.api import openapi
from serving.api.dependencies import app_state_of, json_response
from serving.api.routing import router
from serving.auth.route_access import requires
from serving.auth.scopes import KeyScope
from serving.moments import rfc3339
from serving.schemas.predictions import ModelsResponse

ROUTER = router()


@ROUTER.get(
    "/v1/models",
    dependencies=[requires(KeyScope.PREDICT)],
    responses=openapi.success_and_problem_responses(ModelsResponse, 401, 403, 503),
)
async def get_models(request: Request) -> Response:
    """The models of the active release, with training windows, metrics against baselines, and drift since then."""
    app_state = app_state_of(request)
    release = app_state.prediction_service.active_release().release
    drift = app_state.monitoring_loader.drift_of(release.version)
    return json_response(
        {
            "release": release.version,
            "trained_as_of": rfc3339(release.metadata.as_of),
            "feature_service": release.metadata.feature_service,
            "model_versions": dict(release.model_versions),
            "models": list(release.cards),
            "drift": None if drift is None else drift.model_dump(mode="json"),
        }
    )
