"""Effects route: what attending an event did, computed from the history when it is asked."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from features.calendar import local_day
from features.errors import FlywheelError, NotEnoughData, NotFound
from serving.api import openapi
from serving.api.dependencies import app_state_of, run_in_thread
from serving.api.request_parsing import read_json_as
from serving.api.routing import router
from serving.auth.route_access import requires
from serving.auth.scopes import KeyScope
from serving.experiments.effects import answer_effect
from serving.observability.json_logs import log_error
from serving.problems import RETRY_AFTER, Problem, retry_after
from serving.schemas.effects import EffectRequest, EffectResponse
from serving.schemas.predictions import FieldProblem
from training.attendance.answering import NoAmounts
from training.attendance.log.attendance_log import UnknownEvent
from training.attendance.log.invitation_log import UnknownInvitation

if TYPE_CHECKING:
    from serving.api.app_state import AppState

ROUTER = router()
MAX_QUESTIONS = 4  # that a worker answers or keeps waiting; one is answered at a time
RETRY_SECONDS = 30
_FIELDS: dict[type[FlywheelError], str] = {
    UnknownEvent: "event",
    UnknownInvitation: "invitation_experiment",
    NoAmounts: "outcome",
}


@ROUTER.post(
    "/v1/effects",
    dependencies=[requires(KeyScope.EXPERIMENT)],
    responses=openapi.success_and_problem_responses(EffectResponse, 400, 401, 403, 408, 413, 415, 422, 429, 503),
    openapi_extra=openapi.request_body(EffectRequest),
)
async def post_effect(request: Request) -> Response:
    """The effect of attending an event on spend or orders, or the reason why it is not known."""
    app_state = app_state_of(request)
    question = await read_json_as(request, EffectRequest)
    now, zone = app_state.now(), app_state.zone
    ledger, consents_at = app_state.consent_gate.ledger, app_state.machine_now()

    def answer() -> str:
        today = local_day(now, zone)
        return answer_effect(question, app_state.home, ledger, zone, today, consents_at).model_dump_json()

    if not _places().acquire(blocking=False):
        raise Problem(
            429,
            f"Found {MAX_QUESTIONS} questions waiting already; expected fewer, since each reads the whole log. Send "
            "the request again later.",
            headers=retry_after(RETRY_SECONDS),
        )
    try:
        text = await run_in_thread(app_state, answer, _to_problem, _executor())
    finally:
        _places().release()
    return Response(text, media_type="application/json")


@cache
def _executor() -> ThreadPoolExecutor:
    """One thread: an effect takes seconds of one core, and predictions must not wait for several."""
    return ThreadPoolExecutor(1, "effects")


@cache
def _places() -> BoundedSemaphore:
    return BoundedSemaphore(MAX_QUESTIONS)


def _to_problem(app_state: AppState, error: FlywheelError) -> Problem:
    """The problem of a question about what the log does not have, or of a failure of the home."""
    if type(error) in _FIELDS:
        return Problem(422, str(error), [FieldProblem(field=_FIELDS[type(error)], reason=str(error))])
    log_error(app_state.log, "effect not computed", error)
    if isinstance(error, NotFound | NotEnoughData):
        return Problem(
            503, "Found no orders to answer from. Run `flywheel run`, then send the request again.", headers=RETRY_AFTER
        )
    return Problem(503, "The history cannot be read just now. Try again soon.", headers=RETRY_AFTER)
