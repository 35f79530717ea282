"""Threads of the builder: one update at a time for a worker, rendered where it is counted.

Whoever moves a slider asks several times a second, and the page shows the newest answer alone. An update whose browser
has asked again, and so has closed its request, is not computed. Predictions run in the event loop: it must wait neither
for a template nor for several threads that take turns at the interpreter.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from starlette.requests import Request
from starlette.responses import Response

from serving.api.app_state import AppState
from serving.api.audience_work import to_audience_problem
from serving.api.dependencies import app_state_of, run_in_thread

CLOSED = 499  # the status in the log for a browser that no longer waits


async def respond_in_thread(request: Request, work: Callable[[AppState], Response]) -> Response:
    """Return the response of ``work``, run in the thread of the builder; an empty one where nobody waits for it.

    Raises:
        Problem: ``work`` raised a FlywheelError.
    """
    app_state = app_state_of(request)
    async with _turns(asyncio.get_running_loop()):
        if await request.is_disconnected():
            return Response(status_code=CLOSED)
        return await run_in_thread(app_state, lambda: work(app_state), to_audience_problem, _executor())


@cache
def _turns(loop: asyncio.AbstractEventLoop) -> asyncio.Semaphore:  # noqa: ARG001 - one for each event loop
    return asyncio.Semaphore(1)


@cache
def _executor() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, "page")
