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
    from serving.api.app_state import Worker

Done = TypeVar("Done")
Told = Callable[["Worker", FlywheelError], Problem]


async def attempt(worker: Worker, work: Callable[[], Done], told: Told, threads: ThreadPoolExecutor | None) -> Done:
    """Done in one of the threads, else the loop's own; raises the Problem by which what went wrong is told."""
    try:
        return await asyncio.get_running_loop().run_in_executor(threads, work)
    except FlywheelError as error:
        raise told(worker, error) from None


def worker_of(request: Request) -> Worker:
    """The worker that answers a request."""
    worker: Worker = request.app.state.worker
    return worker
