"""BentoML service: BentoML packages and starts the application of a worker; every request goes to our own routes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import bentoml
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.api.app_state import AppState
from serving.app import create_app


class LifespanRouter:
    """Lifespan router: BentoML's application gets the start and the stop, and our application gets the requests.

    BentoML's own /livez and /readyz would shadow ours, its errors have other forms, and its middlewares cost as much
    as the arithmetic of a prediction.
    """

    def __init__(self, bento_app: ASGIApp, api: ASGIApp) -> None:
        self._bento_app = bento_app
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Route lifespan events to BentoML and everything else to our application."""
        await (self._bento_app if scope["type"] == "lifespan" else self._api)(scope, receive, send)


class MountedService(bentoml.Service[Any]):  # type: ignore[misc] # BentoML hides its types behind lazy attributes
    """Mounted service: a BentoML service whose one mounted application answers every request."""

    def to_asgi(self, is_main: bool = True) -> ASGIApp:  # noqa: FBT001, FBT002 - BentoML's signature
        """The ASGI application of a worker process."""
        return LifespanRouter(super().to_asgi(is_main), self.mount_apps[0][0])


def create_service(app: FastAPI) -> MountedService:
    """The BentoML service around an application."""

    @bentoml.asgi_app(app)
    @bentoml.service(
        name="flywheel",
        service_class=MountedService,
        logging={"access": {"enabled": False}},
        metrics={"enabled": False},
        tracing={"excluded_urls": ".*"},
    )
    class Flywheel:
        """Churn, next purchase and lifetime value of a shop's customers."""

    return cast("MountedService", Flywheel)


def worker_application(open_app_state: Callable[[], AppState], index: int) -> ASGIApp:
    """The ASGI application of worker ``index``, from 1, in the context that BentoML gives its workers."""
    service = create_service(create_app(open_app_state))
    bentoml.server_context.worker_index = index
    bentoml.server_context.service_name = service.name
    bentoml.server_context.service_type = "entry_service"
    return service.to_asgi()
