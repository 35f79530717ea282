"""Dependencies of the routes: the application state of a request, work in a thread, and JSON responses."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

import orjson
from starlette.requests import Request
from starlette.responses import Response

from features.errors import FlywheelError
from serving.problems import Problem

if TYPE_CHECKING:
    from serving.api.app_state import AppState

Result = TypeVar("Result")
ErrorMapper = Callable[["AppState", FlywheelError], Problem]


async def run_in_thread(
    app_state: AppState, work: Callable[[], Result], map_error: ErrorMapper, executor: ThreadPoolExecutor | None
) -> Result:
    """The result of ``work``, run in a thread of ``executor``, or of the event loop's default executor.

    Raises:
        Problem: ``work`` raised a FlywheelError; ``map_error`` made it a Problem.
    """
    try:
        return await asyncio.get_running_loop().run_in_executor(executor, work)
    except FlywheelError as error:
        raise map_error(app_state, error) from None


def app_state_of(request: Request) -> AppState:
    """The application state of the worker that answers a request."""
    app_state: AppState = request.app.state.worker
    return app_state


def json_response(content: object) -> Response:
    """A JSON response with status 200."""
    return Response(orjson.dumps(content), media_type="application/json")
