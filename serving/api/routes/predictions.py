"""Prediction routes: churn, next purchase, lifetime value and segments of customers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
from starlette.requests import Request
from starlette.responses import Response

from serving.api import openapi
from serving.api.auth_middleware import actor, caller
from serving.api.caching import cacheable, no_store
from serving.api.dependencies import app_state_of, json_response
from serving.api.load_shedding import work_of
from serving.api.request_parsing import prediction_request, prediction_request_from_query
from serving.api.routing import CUSTOMER_PATH, router
from serving.auth.route_access import requires
from serving.auth.scopes import KeyScope
from serving.predictions.consent_gate import WITHHELD_CONSENT
from serving.predictions.feature_reader import FEATURES_UNAVAILABLE
from serving.predictions.serializers import Rows
from serving.schemas.predictions import PredictionRequest, PredictionsResponse

ROUTER = router()


@ROUTER.post(
    "/v1/predictions",
    dependencies=[requires(KeyScope.PREDICT)],
    responses=openapi.success_and_problem_responses(PredictionsResponse, 400, 401, 403, 408, 413, 415, 422, 429, 503),
    openapi_extra=openapi.request_body(PredictionRequest),
)
async def post_predictions(request: Request) -> Response:
    """Predictions for up to 1,000 customers, in the order of the request; a repeated id is answered each time."""
    return json_response({"predictions": await predict(request, await prediction_request(request), all_day=False)})


@ROUTER.get(
    f"{CUSTOMER_PATH}/predictions",
    dependencies=[requires(KeyScope.PREDICT)],
    responses={
        **openapi.success_and_problem_responses(PredictionsResponse, 401, 403, 422, 429, 503),
        304: {"description": "The caller already has this version."},
    },
    openapi_extra=openapi.PREDICTION_PARAMETERS,
)
async def get_predictions(request: Request) -> Response:
    """Predictions for one customer, idempotent: the answer is the same all day in the shop unless as_of is given."""
    rows = await predict(request, prediction_request_from_query(request), all_day=True)
    body = orjson.dumps({"predictions": rows})
    return no_store(body) if rows[0]["status"] in (FEATURES_UNAVAILABLE, WITHHELD_CONSENT) else cacheable(request, body)


async def predict(request: Request, parsed: PredictionRequest, *, all_day: bool) -> Rows:
    """The predictions for the caller of a request, as ``PredictionService.predict``.

    Raises:
        Problem: 429 beyond the queue limit or a quota, 503 beyond the deadline, and as ``PredictionService.predict``.
    """
    async with _admission(request, parsed) as deadline:
        return await app_state_of(request).prediction_service.predict(parsed, all_day=all_day, deadline=deadline)


@asynccontextmanager
async def _admission(request: Request, parsed: PredictionRequest) -> AsyncIterator[float]:
    """Admit a request, count its customers against the key's quota and in the audit, and yield its deadline."""
    app_state, customers = app_state_of(request), len(parsed.customer_ids)
    async with app_state.load_shedder.admit(work_of(parsed)) as deadline:
        await app_state.rate_limits.count_customers(caller(request), customers)
        app_state.audit_counter.count_prediction(actor(request), app_state.machine_now(), customers)
        yield deadline
