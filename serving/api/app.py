"""The routes: what is asked goes to the desk, what it answers goes over the wire."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import orjson
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.convertors import Convertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from serving.api import openapi as documents
from serving.api.caching import cacheable, no_store
from serving.api.dependencies import app_state_of
from serving.api.observability_middleware import ObservabilityMiddleware
from serving.api.request_parsing import prediction_request, prediction_request_from_query
from serving.api.routes import audiences, privacy
from serving.auth.api_keys import ApiKeyMiddleware
from serving.moments import rfc3339
from serving.observability.metrics import MEDIA_TYPE
from serving.predictions.consent_gate import WITHHELD_CONSENT
from serving.predictions.feature_reader import FEATURES_UNAVAILABLE
from serving.predictions.prediction_service import PredictionService
from serving.problems import Problem, to_problem_response
from serving.schemas.predictions import ModelsResponse, PredictionRequest, PredictionsResponse, ProbeResponse

if TYPE_CHECKING:
    from fastapi.telemetry import TelemetryConfig

    from serving.api.app_state import AppState

# Observed and Metrics do it already.
_NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "operation_spans": False}


class RawRoute(APIRoute):
    """A documented route whose endpoint reads the request itself: nothing is resolved, checked or converted twice."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The endpoint."""
        return self.endpoint


class FlywheelAPI(FastAPI):
    """The application, with one document that tells the truth about all its routes."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document."""
        return documents.openapi_document(self)


def create_app(open_app_state: Callable[[], AppState]) -> FlywheelAPI:
    """The application; ``open_app_state`` is called when it starts, not before."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.worker = open_app_state()
        async with app.state.worker.lifespan():
            yield

    app = FlywheelAPI(
        title="Flywheel",
        version="1",
        description="Churn, next purchase and lifetime value of a shop's customers, and whom to reach.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry=_NO_TELEMETRY,
    )
    _add_routes(app)
    app.add_middleware(ApiKeyMiddleware)
    app.add_middleware(ObservabilityMiddleware)
    for handled in (Problem, HTTPException):
        app.add_exception_handler(handled, to_problem_response)
    return app


async def post_predictions(request: Request) -> Response:
    """Up to 1,000 customers in one call; answers come in the order asked, a repeated id is answered each time."""
    asked = await prediction_request(request)
    worker = app_state_of(request)
    async with worker.load_shedder.admit() as due:
        return _json_response({"predictions": await PredictionService.for_request(worker, due).now(asked)})


async def get_predictions(request: Request) -> Response:
    """One customer, safe to repeat per recipient: the answer holds for the shop's day unless as_of is given."""
    asked = prediction_request_from_query(request.path_params["customer_id"], request)
    worker = app_state_of(request)
    async with worker.load_shedder.admit() as due:
        rows = await PredictionService.for_request(worker, due).today(asked)
        body = orjson.dumps({"predictions": rows})
    return no_store(body) if rows[0]["status"] in (FEATURES_UNAVAILABLE, WITHHELD_CONSENT) else cacheable(request, body)


async def get_models(request: Request) -> Response:
    """The champions that answer now, with their training windows and their metrics against baselines."""
    release = _prediction_service(request).champion.release
    return _json_response(
        {
            "release": release.version,
            "trained_as_of": rfc3339(release.metadata.as_of),
            "feature_service": release.metadata.feature_service,
            "model_versions": dict(release.model_versions),
            "models": list(release.cards),
        }
    )


async def livez(request: Request) -> Response:  # noqa: ARG001 - the framework hands it over
    """Whether the process runs."""
    return _json_response({"status": "alive"})


async def readyz(request: Request) -> Response:
    """Whether a release is loaded, tried and warm, and the worker stays; degraded while features cannot be read."""
    if app_state_of(request).shutdown.draining:
        raise Problem(503, "This worker is about to stop. Ask another.")
    desk = _prediction_service(request)
    reason = await desk.degraded_reason()
    said = {"status": "ready"} if reason is None else {"status": "degraded", "reason": reason}
    return _json_response({**said, "release": desk.champion.release.version})


async def metrics(request: Request) -> Response:
    """What Prometheus reads."""
    return Response(app_state_of(request).metrics.render(), media_type=MEDIA_TYPE)


class AnyTextConvertor(Convertor[str]):
    """Any id at all; the framework's own ``path`` ends at a line break."""

    regex = r"[\s\S]*"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


def _add_routes(app: FastAPI) -> None:
    register_url_convertor("text", AnyTextConvertor())
    app.router.route_class = RawRoute
    app.add_api_route(
        "/v1/predictions",
        post_predictions,
        methods=["POST"],
        responses=documents.success_and_problem_responses(PredictionsResponse, 400, 401, 403, 408, 413, 415, 422, 503),
        openapi_extra=documents.request_body(PredictionRequest),
    )
    app.add_api_route(
        "/v1/customers/{customer_id:text}/predictions",
        get_predictions,
        responses={
            **documents.success_and_problem_responses(PredictionsResponse, 401, 403, 422, 503),
            304: {"description": "The caller has it already."},
        },
        openapi_extra=documents.PREDICTION_PARAMETERS,
    )
    privacy.add_routes(app)
    audiences.add_routes(app)
    app.add_api_route(
        "/v1/models", get_models, responses=documents.success_and_problem_responses(ModelsResponse, 401, 403, 503)
    )
    app.add_api_route("/livez", livez, responses=documents.success_and_problem_responses(ProbeResponse))
    app.add_api_route("/readyz", readyz, responses=documents.success_and_problem_responses(ProbeResponse, 503))
    app.add_api_route("/metrics", metrics, response_class=PlainTextResponse, responses=documents.problem_responses(401))
    app.add_api_route("/docs", documents.docs_page, include_in_schema=False)
    app.add_api_route("/docs/{name}", documents.docs_asset, include_in_schema=False)
    for route in [*app.routes]:
        if isinstance(route, APIRoute) and "GET" in (route.methods or ()):
            app.add_api_route(route.path, route.endpoint, methods=["HEAD"], include_in_schema=False)


def _prediction_service(request: Request) -> PredictionService:
    return PredictionService.for_request(app_state_of(request))


def _json_response(content: object) -> Response:
    return Response(orjson.dumps(content), media_type="application/json")
