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
from serving.api.caching import cacheable, fleeting
from serving.api.dependencies import worker_of
from serving.api.observability_middleware import Observed
from serving.api.request_parsing import question, question_about
from serving.api.routes import audiences, privacy
from serving.auth.api_keys import Locked
from serving.moments import rfc3339
from serving.observability.metrics import MEDIA_TYPE
from serving.predictions.consent_gate import WITHHELD
from serving.predictions.feature_reader import UNAVAILABLE
from serving.predictions.prediction_service import Desk
from serving.problems import Problem, as_problem
from serving.schemas.predictions import Models, Predictions, Probe, Question

if TYPE_CHECKING:
    from fastapi.telemetry import TelemetryConfig

    from serving.api.app_state import Worker

# Observed and Metrics do it already.
_QUIET: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "operation_spans": False}


class Direct(APIRoute):
    """A documented route whose endpoint reads the request itself: nothing is resolved, checked or converted twice."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The endpoint."""
        return self.endpoint


class Api(FastAPI):
    """The application, with one document that tells the truth about all its routes."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document."""
        return documents.openapi(self)


def create_app(open_worker: Callable[[], Worker]) -> Api:
    """The application; ``open_worker`` is called when it starts, not before."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.worker = open_worker()
        async with app.state.worker.following():
            yield

    app = Api(
        title="Flywheel",
        version="1",
        description="Churn, next purchase and lifetime value of a shop's customers, and whom to reach.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry=_QUIET,
    )
    _add_routes(app)
    app.add_middleware(Locked)
    app.add_middleware(Observed)
    for handled in (Problem, HTTPException):
        app.add_exception_handler(handled, as_problem)
    return app


async def post_predictions(request: Request) -> Response:
    """Up to 1,000 customers in one call; answers come in the order asked, a repeated id is answered each time."""
    asked = await question(request)
    worker = worker_of(request)
    async with worker.pressure.turn() as due:
        return _json({"predictions": await Desk.of(worker, due).now(asked)})


async def get_predictions(request: Request) -> Response:
    """One customer, safe to repeat per recipient: the answer holds for the shop's day unless as_of is given."""
    asked = question_about(request.path_params["customer_id"], request)
    worker = worker_of(request)
    async with worker.pressure.turn() as due:
        rows = await Desk.of(worker, due).today(asked)
        body = orjson.dumps({"predictions": rows})
    return fleeting(body) if rows[0]["status"] in (UNAVAILABLE, WITHHELD) else cacheable(request, body)


async def get_models(request: Request) -> Response:
    """The champions that answer now, with their training windows and their metrics against baselines."""
    release = _desk(request).champion.release
    return _json(
        {
            "release": release.version,
            "trained_as_of": rfc3339(release.facts.as_of),
            "feature_service": release.facts.feature_service,
            "model_versions": dict(release.model_versions),
            "models": list(release.cards),
        }
    )


async def livez(request: Request) -> Response:  # noqa: ARG001 - the framework hands it over
    """Whether the process runs."""
    return _json({"status": "alive"})


async def readyz(request: Request) -> Response:
    """Whether a release is loaded, tried and warm, and the worker stays; degraded while features cannot be read."""
    if worker_of(request).departure.begun:
        raise Problem(503, "This worker is about to stop. Ask another.")
    desk = _desk(request)
    reason = await desk.trouble()
    said = {"status": "ready"} if reason is None else {"status": "degraded", "reason": reason}
    return _json({**said, "release": desk.champion.release.version})


async def metrics(request: Request) -> Response:
    """What Prometheus reads."""
    return Response(worker_of(request).metrics.page(), media_type=MEDIA_TYPE)


class _Text(Convertor[str]):
    """Any id at all; the framework's own ``path`` ends at a line break."""

    regex = r"[\s\S]*"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


def _add_routes(app: FastAPI) -> None:
    register_url_convertor("text", _Text())
    app.router.route_class = Direct
    app.add_api_route(
        "/v1/predictions",
        post_predictions,
        methods=["POST"],
        responses=documents.answers(Predictions, 400, 401, 403, 408, 413, 415, 422, 503),
        openapi_extra=documents.body_of(Question),
    )
    app.add_api_route(
        "/v1/customers/{customer_id:text}/predictions",
        get_predictions,
        responses={
            **documents.answers(Predictions, 401, 403, 422, 503),
            304: {"description": "The caller has it already."},
        },
        openapi_extra=documents.PARAMETERS,
    )
    privacy.add_routes(app)
    audiences.add_routes(app)
    app.add_api_route("/v1/models", get_models, responses=documents.answers(Models, 401, 403, 503))
    app.add_api_route("/livez", livez, responses=documents.answers(Probe))
    app.add_api_route("/readyz", readyz, responses=documents.answers(Probe, 503))
    app.add_api_route("/metrics", metrics, response_class=PlainTextResponse, responses=documents.problems(401))
    app.add_api_route("/docs", documents.page, include_in_schema=False)
    app.add_api_route("/docs/{name}", documents.asset, include_in_schema=False)
    for route in [*app.routes]:
        if isinstance(route, APIRoute) and "GET" in (route.methods or ()):
            app.add_api_route(route.path, route.endpoint, methods=["HEAD"], include_in_schema=False)


def _desk(request: Request) -> Desk:
    return Desk.of(worker_of(request))


def _json(content: object) -> Response:
    return Response(orjson.dumps(content), media_type="application/json")
