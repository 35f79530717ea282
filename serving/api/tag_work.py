"""Tag work: exports of tags run in the threads for audiences, and their errors become problems."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from features.errors import FlywheelError
from serving.api.audience_work import audience_executor, to_audience_problem
from serving.api.dependencies import run_in_thread
from serving.observability.json_logs import log_error
from serving.problems import RETRY_AFTER, Problem
from serving.schemas.predictions import FieldProblem
from serving.tags.errors import TagExportNotFound, TagFileInvalid, TagLimitExceeded, UnknownDestination

if TYPE_CHECKING:
    from serving.api.app_state import AppState

Result = TypeVar("Result")


async def run_in_tag_thread(app_state: AppState, work: Callable[[], Result]) -> Result:
    """The result of ``work``, run in a thread for audiences.

    Raises:
        Problem: ``work`` raised a FlywheelError.
    """
    return await run_in_thread(app_state, work, to_tag_problem, audience_executor())


def to_tag_problem(app_state: AppState, error: FlywheelError) -> Problem:
    """The problem of an unknown destination or export, of a limit of the tool, or of a failure of the home."""
    match error:
        case UnknownDestination():
            return Problem(422, str(error), [FieldProblem(field="destination", reason=str(error))])
        case TagExportNotFound() | TagLimitExceeded():
            return Problem(409, str(error))
        case TagFileInvalid():  # the text names a path of this machine
            log_error(app_state.log, "tags not exported", error)
            return Problem(503, "The contacts of this destination cannot be read. Try again soon.", headers=RETRY_AFTER)
    return to_audience_problem(app_state, error)
