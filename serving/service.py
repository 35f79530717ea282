"""The BentoML service: BentoML starts, watches and stops the workers; every request goes to our own routes."""

from __future__ import annotations

from typing import Any, cast

import bentoml
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.api.app import create_app
from serving.api.app_state import Worker


class FrontDoor:
    """Before BentoML's application: it starts and stops what is behind it, and sees no request.

    Its own /livez and /readyz would shadow ours, its errors have other forms, and its middlewares cost as much as an
    answer's arithmetic.
    """

    def __init__(self, behind: ASGIApp, ours: ASGIApp) -> None:
        self._behind = behind
        self._ours = ours

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Start and stop go to BentoML, everything else to our routes."""
        await (self._behind if scope["type"] == "lifespan" else self._ours)(scope, receive, send)


class Mounted(bentoml.Service[Any]):  # type: ignore[misc] # BentoML hides its types behind lazy attributes
    """A BentoML service whose one mounted application answers everything."""

    def to_asgi(self, is_main: bool = True) -> ASGIApp:  # noqa: FBT001, FBT002 - BentoML's signature
        """What a worker process runs."""
        return FrontDoor(super().to_asgi(is_main), self.mount_apps[0][0])


def service_of(app: FastAPI) -> Mounted:
    """The BentoML service that answers by the routes of ``app``, and starts and stops it."""

    @bentoml.asgi_app(app)
    @bentoml.service(
        name="flywheel",
        service_class=Mounted,
        logging={"access": {"enabled": False}},
        metrics={"enabled": False},
        tracing={"excluded_urls": ".*"},
    )
    class Flywheel:
        """Churn, next purchase and lifetime value of a shop's customers."""

    return cast("Mounted", Flywheel)


FLYWHEEL = service_of(create_app(Worker.open))
