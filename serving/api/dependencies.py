"""What the routes beside the predictions have in common: their worker, and work in a thread that may fail."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from starlette.requests import Request

from features.errors import FlywheelError
from serving.problems import Problem

if TYPE_CHECKING:
    from serving.api.app_state import AppState

Result = TypeVar("Result")
ErrorMapper = Callable[["AppState", FlywheelError], Problem]


async def run_in_thread(
    app_state: AppState, work: Callable[[], Result], map_error: ErrorMapper, executor: ThreadPoolExecutor | None
) -> Result:
    """Done in one of the threads, else the loop's own; raises the Problem by which what went wrong is told."""
    try:
        return await asyncio.get_running_loop().run_in_executor(executor, work)
    except FlywheelError as error:
        raise map_error(app_state, error) from None


def app_state_of(request: Request) -> AppState:
    """The worker that answers a request."""
    worker: AppState = request.app.state.worker
    return worker
