"""Process of the builder: it counts and renders for people who move sliders, with a low priority.

A million customers take a tenth of a second of NumPy, in which the interpreter of the worker would hardly answer
predictions. The process is started by the first visit; until it is ready, a thread works. It answers one query at a
time, and none whose browser has asked again and so has closed its request. Where other programs leave it no processor,
a thread answers after a while, so that people wait some seconds and no longer.
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
from serving.audiences.audience_service import AudienceService
from serving.audiences.query.arrow_without_pandas import use_arrow_without_pandas
from serving.audiences.query.scores_table import ScoresFile
from serving.observability.audit_log import AuditLog
from serving.web.audience_builder import BuilderPage, BuilderRequest, builder_page
from serving.web.warm_up import compile_templates

POLL_SECONDS = 1.0  # how often the process looks for a new scores table
NICENESS = 19  # the lowest priority
PATIENCE_SECONDS = 2.0  # after which a thread answers instead: a million customers take a tenth of a second


@dataclass(frozen=True)
class AudienceHome:
    """The audiences of a home, opened by this process."""

    home: Path
    audience_service: AudienceService


async def answer_apart(request: Request, app_state: AppState, builder_request: BuilderRequest) -> BuilderPage | None:
    """Return the page of a query, made beside the event loop; None where the browser no longer waits.

    Raises:
        Problem: the audience cannot be counted.
    """
    async with _turns(asyncio.get_running_loop()):
        if await request.is_disconnected():
            return None
        return await run_in_thread(
            app_state, lambda: _answer(app_state, builder_request), to_audience_problem, _executor()
        )


def _answer(app_state: AppState, builder_request: BuilderRequest) -> BuilderPage:
    process = _started_process(app_state)
    if process is not None:
        try:
            answer = process.submit(_answer_in_process, *_location(app_state), builder_request)
            return answer.result(PATIENCE_SECONDS)
        except BrokenProcessPool:
            _process.cache_clear()
        except TimeoutError:
            answer.cancel()  # it may not have begun
    return builder_page(app_state, builder_request)


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
    use_arrow_without_pandas()
    os.nice(NICENESS)
    if hasattr(os, "SCHED_IDLE"):  # Linux: a prediction that arrives interrupts this process at once (sched(7))
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
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
    """Open the home, compile the templates, and read the columns of every view; those of a new table at once."""
    compile_templates("audiences/")
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


def _answer_in_process(
    home: Path, online_store: str, policy: AudiencePolicy, builder_request: BuilderRequest
) -> BuilderPage:
    return builder_page(_audience_home(home, online_store, policy), builder_request)


@cache
def _turns(loop: asyncio.AbstractEventLoop) -> asyncio.Semaphore:  # noqa: ARG001 - one for each event loop
    return asyncio.Semaphore(1)


@cache
def _executor() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, "builder")
