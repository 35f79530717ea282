"""Application: the routes, the middlewares and the error handlers of the HTTP service."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute

from serving.api import routes as api_routes
from serving.api.auth_middleware import ApiKeyMiddleware
from serving.api.host_middleware import HostMiddleware
from serving.api.observability_middleware import ObservabilityMiddleware
from serving.api.openapi import openapi_document
from serving.api.routing import RawRoute, head_routes, refuse_undeclared
from serving.problems import Problem, to_problem_response
from serving.web import routes as web_routes
from serving.web.error_pages import ErrorPageMiddleware
from serving.web.warm_up import start_warm_up

if TYPE_CHECKING:
    from fastapi.telemetry import TelemetryConfig

    from serving.api.app_state import AppState

# ObservabilityMiddleware and Metrics do this already.
_NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "operation_spans": False}


class FlywheelAPI(FastAPI):
    """Application with one OpenAPI document for all its routes."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document."""
        return openapi_document(self)


def create_app(open_app_state: Callable[[], AppState]) -> FlywheelAPI:
    """The application; ``open_app_state`` is called when it starts, not before.

    Raises:
        TypeError: a route declares no scope.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.worker = open_app_state()
        if app.state.worker.page:
            start_warm_up()
        async with app.state.worker.lifespan():
            yield

    app = FlywheelAPI(
        title="Flywheel",
        version="1",
        description="Churn, next purchase and lifetime value of a shop's customers, and audiences for campaigns.",
        lifespan=lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry=_NO_TELEMETRY,
    )
    routes = resource_routes()
    app.router.routes += [*routes, *head_routes(routes)]
    refuse_undeclared(app.routes)
    public_paths = {route.path for route in routes if isinstance(route, RawRoute) and route.access.public}
    app.add_middleware(ApiKeyMiddleware, public_paths=public_paths)
    app.add_middleware(HostMiddleware)
    app.add_middleware(ObservabilityMiddleware)
    app.add_middleware(ErrorPageMiddleware)
    for error_type in (Problem, HTTPException):
        app.add_exception_handler(error_type, to_problem_response)
    return app


def resource_routes() -> list[BaseRoute]:
    """The routes of every file in ``serving/api/routes/`` and ``serving/web/routes/``, found by themselves."""
    names = sorted(
        module.name
        for package in (api_routes, web_routes)
        for module in iter_modules(package.__path__, f"{package.__name__}.")
    )
    return [route for name in names for route in import_module(name).ROUTER.routes]
