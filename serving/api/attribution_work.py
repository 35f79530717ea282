"""Attribution work: reports run in one thread, and their errors become problems."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING

from features.errors import FlywheelError
from serving.api.dependencies import run_in_thread
from serving.observability.json_logs import log_error
from serving.problems import RETRY_AFTER, Problem
from serving.schemas.predictions import FieldProblem
from training.attribution.attribution_service import TooManyRows
from training.attribution.period import Period
from training.attribution.report import AttributionReport

if TYPE_CHECKING:
    from serving.api.app_state import AppState


async def run_attribution(app_state: AppState, period: Period) -> AttributionReport:
    """The report of a period, as of now.

    Raises:
        Problem: the log is too large, or it or the consents cannot be read.
    """
    zone, now = app_state.zone, app_state.machine_now()
    return await run_in_thread(
        app_state, lambda: app_state.attribution_service.report(period, zone, now), _to_problem, _executor()
    )


@cache
def _executor() -> ThreadPoolExecutor:
    """One thread: a report reads the log of a year, and other work must not wait for it."""
    return ThreadPoolExecutor(1, "attribution")


def _to_problem(app_state: AppState, error: FlywheelError) -> Problem:
    if isinstance(error, TooManyRows):
        return Problem(422, str(error), [FieldProblem(field="to", reason=str(error))])
    log_error(app_state.log, "attribution failed", error)
    return Problem(503, "The log or the consents cannot be read just now. Try again soon.", headers=RETRY_AFTER)
