"""Experiment work: requests for experiments and decisions run in threads, and their errors become problems."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from starlette.requests import Request

from features.decisions.intake import DecisionConflict
from features.errors import FlywheelError, InvalidStore, NotFound, RowsLost, StoreUnavailable
from features.storage.secret import InvalidSecret
from serving.api.audience_work import audience_executor, to_audience_problem
from serving.api.auth_middleware import caller
from serving.api.dependencies import app_state_of, run_in_thread
from serving.auth.scopes import KeyScope, allows
from serving.experiments.decision_time import DecisionTime
from serving.observability.audit_log import AuditWriteFailed
from serving.observability.json_logs import log_error
from serving.problems import RETRY_AFTER, Problem
from training.experiments.record.experiment_folder import ExperimentConflict

if TYPE_CHECKING:
    from serving.api.app_state import AppState

MAX_DECISION_THREADS = 2  # requests for decisions that a worker answers at once; others wait
Result = TypeVar("Result")


def decision_time(request: Request) -> DecisionTime:
    """The instants at which a request is answered."""
    app_state = app_state_of(request)
    return DecisionTime(app_state.machine_now(), app_state.now(), app_state.zone)


def smallest_audience(request: Request) -> int:
    """The number of customers below whom the caller is told no count."""
    is_admin = allows(caller(request).scopes, KeyScope.ADMIN)
    return app_state_of(request).audience_service.policy.smallest_told(is_admin=is_admin)


async def run_in_experiment_thread(app_state: AppState, work: Callable[[], Result]) -> Result:
    """The result of ``work``, run in a thread for audiences: a plan takes as long as one.

    Raises:
        Problem: ``work`` raised a FlywheelError.
    """
    return await run_in_thread(app_state, work, _to_problem, audience_executor())


async def run_in_decision_thread(app_state: AppState, work: Callable[[], Result]) -> Result:
    """The result of ``work``, run in a thread for decisions alone: they must not wait for audiences and plans.

    Raises:
        Problem: ``work`` raised a FlywheelError.
    """
    return await run_in_thread(app_state, work, _to_problem, _decision_executor())


@cache
def _decision_executor() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(MAX_DECISION_THREADS, "decisions")


def _to_problem(app_state: AppState, error: FlywheelError) -> Problem:
    match error:
        case NotFound():
            return Problem(404, str(error))
        case ExperimentConflict() | DecisionConflict():
            return Problem(409, str(error))
        case StoreUnavailable() | RowsLost() | InvalidStore() | InvalidSecret() | AuditWriteFailed():
            log_error(app_state.log, "experiment request failed", error)
            detail = "Experiments and decisions cannot be read or written just now. Try again soon."
            return Problem(503, detail, headers=RETRY_AFTER)
    return to_audience_problem(app_state, error)
