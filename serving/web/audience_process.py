"""Process of the builder: a worker counts for people who move sliders in a process of its own, with a low priority.

A million customers take a tenth of a second of NumPy, in which the interpreter of the worker would hardly answer
predictions. The process is started by the first visit; until it is ready, a thread counts. It counts one query at a
time, and none whose browser has asked again and so has closed its request.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from threading import Thread

from starlette.requests import Request

from features.consents.backends import open_ledger
from serving.api.app_state import AppState
from serving.api.audience_work import to_audience_problem
from serving.api.dependencies import run_in_thread
from serving.audience_policy import AudiencePolicy
from serving.audiences.audience_service import AudienceService, ExportContext
from serving.audiences.query.scores_table import ScoresFile
from serving.observability.audit_log import AuditLog
from serving.web.audience_builder import builder_view
from serving.web.audience_query import AudienceQuery
from serving.web.views.audience_builder import BuilderView

POLL_SECONDS = 1.0  # how often the process looks for a new scores table
NICENESS = 15  # of 19, the lowest priority: predictions come first where processors are short


@dataclass(frozen=True)
class AudienceHome:
    """The audiences of a home, opened by this process."""

    home: Path
    audience_service: AudienceService


async def count_apart(
    request: Request, app_state: AppState, query: AudienceQuery, export: ExportContext, *, is_whole: bool
) -> BuilderView | None:
    """Return the view of a query, counted beside the event loop; None where the browser no longer waits.

    Raises:
        Problem: the audience cannot be counted.
    """
    async with _turns(asyncio.get_running_loop()):
        if await request.is_disconnected():
            return None
        return await run_in_thread(
            app_state, lambda: _count(app_state, query, export, is_whole), to_audience_problem, _executor()
        )


def _count(app_state: AppState, query: AudienceQuery, export: ExportContext, is_whole: bool) -> BuilderView:  # noqa: FBT001 - sent to the process
    process = _started_process(app_state)
    if process is not None:
        try:
            return process.submit(_count_in_process, *_location(app_state), query, export, is_whole).result()
        except BrokenProcessPool:
            _process.cache_clear()
    return builder_view(app_state, query, export, is_whole=is_whole)


def _started_process(app_state: AppState) -> ProcessPoolExecutor | None:
    """Return the process once it is ready; None where the state of the worker cannot be opened by another."""
    if not app_state.counts_apart:
        return None
    process, ready = _process(*_location(app_state))
    return process if ready.done() and ready.exception() is None else None


def _location(app_state: AppState) -> tuple[Path, str, AudiencePolicy]:
    policy = app_state.audience_service.policy
    fields = {name: getattr(policy, name) for name in AudiencePolicy.model_fields}
    return app_state.home, app_state.online_store, AudiencePolicy(**fields)


@cache
def _process(home: Path, online_store: str, policy: AudiencePolicy) -> tuple[ProcessPoolExecutor, Future[None]]:
    process = ProcessPoolExecutor(1, get_context("spawn"), initializer=_yield_to_others, initargs=(os.getpid(),))
    return process, process.submit(_warm_up, home, online_store, policy)


def _yield_to_others(parent: int) -> None:
    """Lower the priority of this process; it ends with its worker, which answers the signals to stop."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICENESS)
    Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(0)


@cache
def _audience_home(home: Path, online_store: str, policy: AudiencePolicy) -> AudienceHome:
    ledger, audit_log = open_ledger(home, online_store), AuditLog.open(home)
    return AudienceHome(home, AudienceService.for_home(home, ledger, audit_log, policy))


def _warm_up(home: Path, online_store: str, policy: AudiencePolicy) -> None:
    """Open the home, and read the columns that every view needs; those of a new table as soon as it is there."""
    scores = _audience_home(home, online_store, policy).audience_service.scores
    columns = scores.columns()
    for name in ("customer_id", "churn_probability", "consent_channels"):
        if name in columns:
            _ = columns[name]
    Thread(target=_follow, args=(scores,), daemon=True).start()


def _follow(scores: ScoresFile) -> None:
    while True:
        time.sleep(POLL_SECONDS)
        scores.poll()


def _count_in_process(
    home: Path,
    online_store: str,
    policy: AudiencePolicy,
    query: AudienceQuery,
    export: ExportContext,
    is_whole: bool,  # noqa: FBT001 - as above
) -> BuilderView:
    return builder_view(_audience_home(home, online_store, policy), query, export, is_whole=is_whole)


@cache
def _turns(loop: asyncio.AbstractEventLoop) -> asyncio.Semaphore:  # noqa: ARG001 - one for each event loop
    return asyncio.Semaphore(1)


@cache
def _executor() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, "builder")
