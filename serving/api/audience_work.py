"""Audience work: requests for audiences run in threads of their own, and their errors become problems."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from starlette.requests import Request

from features.errors import FlywheelError, RowsLost, StoreUnavailable
from features.storage.secret import InvalidSecret
from serving.api.auth_middleware import caller
from serving.api.dependencies import app_state_of, run_in_thread
from serving.audiences.audience_service import ExportContext
from serving.audiences.errors import (
    AudienceDamaged,
    AudienceNotFound,
    AudienceStorageFull,
    AudienceTooSmall,
    InvalidAudienceRequest,
    InvalidCursor,
    InvalidJson,
    InvalidScores,
)
from serving.audiences.holdout import HoldoutChoice
from serving.auth.scopes import KeyScope, allows
from serving.observability.audit_log import AuditWriteFailed
from serving.observability.json_logs import log_error
from serving.problems import RETRY_AFTER, Problem
from serving.schemas.predictions import FieldProblem

if TYPE_CHECKING:
    from serving.api.app_state import AppState

MAX_AUDIENCE_THREADS = 2  # audiences that a worker creates or reads at once; other requests wait
Result = TypeVar("Result")


def export_context(request: Request, format_name: str, holdout: HoldoutChoice = "exclude") -> ExportContext:
    """The actor, instant, format and choice of an export over HTTP."""
    now, asked_by = app_state_of(request).now(), caller(request)
    return ExportContext(
        asked_by.actor,
        now,
        format_name,
        is_admin=allows(asked_by.scopes, KeyScope.ADMIN),
        reads_experiments=allows(asked_by.scopes, KeyScope.EXPERIMENT),
        holdout=holdout,
    )


async def run_in_audience_thread(app_state: AppState, work: Callable[[], Result]) -> Result:
    """The result of ``work``, run in a thread for audiences.

    Raises:
        Problem: ``work`` raised a FlywheelError.
    """
    return await run_in_thread(app_state, work, to_audience_problem, audience_executor())


@cache
def audience_executor() -> ThreadPoolExecutor:
    """Threads for audiences alone: an audience of a million customers must not delay other work."""
    return ThreadPoolExecutor(MAX_AUDIENCE_THREADS, "audiences")


def to_audience_problem(app_state: AppState, error: FlywheelError) -> Problem:
    """The problem of an invalid request, or of a failure of the home."""
    problem = _invalid_request(error) or _missing_audience(error)
    return _failure(app_state, error) if problem is None else problem


def _invalid_request(error: FlywheelError) -> Problem | None:
    match error:
        case InvalidJson():
            return Problem(400, str(error))
        case InvalidAudienceRequest():
            return Problem(422, error.detail, error.errors)
        case InvalidCursor():
            return Problem(422, str(error), [FieldProblem(field="cursor", reason=str(error))])
    return None


def _missing_audience(error: FlywheelError) -> Problem | None:
    match error:
        case AudienceDamaged():
            return Problem(404, "Found this audience damaged, so it was deleted. Create it again.")
        case AudienceTooSmall():
            return Problem(403, str(error))
        case AudienceNotFound():
            return Problem(
                404, "Found no audience with this id: it never existed, or it has expired. Create a new one."
            )
    return None


def _failure(app_state: AppState, error: FlywheelError) -> Problem:
    match error:
        case AudienceStorageFull():
            log_error(app_state.log, "audience not stored", error)
            return Problem(507, str(error))
        case InvalidScores():
            log_error(app_state.log, "scores missing", error)
            return Problem(
                503, "Found no scores table. Run `flywheel score`, then send the request again.", headers=RETRY_AFTER
            )
        case StoreUnavailable() | RowsLost() | InvalidSecret() | AuditWriteFailed():
            log_error(app_state.log, "audience request failed", error)
            return Problem(503, "The audience cannot be read or written just now. Try again soon.", headers=RETRY_AFTER)
    raise error
