"""Intake routes: what became of decisions, and the outcomes that the log of the shop does not hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import orjson
from starlette.requests import Request
from starlette.responses import Response

from features.canonical_form import IdCase, canonical_id
from features.decisions.backends import open_decisions
from features.decisions.intake import IntakeResult
from features.decisions.records import Exposure, OutcomeEvent
from serving.api import openapi
from serving.api.caching import no_store
from serving.api.dependencies import app_state_of
from serving.api.experiment_work import decision_time, run_in_decision_thread
from serving.api.request_parsing import read_json_as
from serving.api.routing import router
from serving.auth.route_access import requires
from serving.auth.scopes import KeyScope
from serving.experiments.decision_time import DecisionTime
from serving.experiments.intake import IntakeService
from serving.moments import resolve_instant
from serving.schemas.intake import ExposureItem, ExposuresRequest, IntakeResponse, OutcomeItem, OutcomesRequest

if TYPE_CHECKING:
    from serving.api.app_state import AppState

ROUTER = router()
_RESPONSES = openapi.success_and_problem_responses(IntakeResponse, 400, 401, 403, 408, 413, 415, 422, 503)


@ROUTER.post(
    "/v1/exposures",
    dependencies=[requires(KeyScope.EXPERIMENT)],
    responses=_RESPONSES,
    openapi_extra=openapi.request_body(ExposuresRequest),
)
async def post_exposures(request: Request) -> Response:
    """Record what became of decisions, idempotent: sent, delivered, opened, suppressed or failed, and its cost."""
    app_state, body = app_state_of(request), await read_json_as(request, ExposuresRequest)
    time = decision_time(request)
    exposures = [_to_exposure(item, time.zone) for item in body.exposures]
    return await _record(app_state, lambda service: service.record_exposures(exposures, time))


@ROUTER.post(
    "/v1/outcomes",
    dependencies=[requires(KeyScope.EXPERIMENT)],
    responses=_RESPONSES,
    openapi_extra=openapi.request_body(OutcomesRequest),
)
async def post_outcomes(request: Request) -> Response:
    """Record outcomes that are not in the log, idempotent; orders need no intake, they are joined from the log."""
    app_state, body = app_state_of(request), await read_json_as(request, OutcomesRequest)
    time, undated = decision_time(request), [item.recorded_at is None for item in body.outcomes]

    def record(service: IntakeService) -> list[IntakeResult]:
        id_case = service.ledger.id_case()
        outcomes = [_to_outcome(item, time, id_case, index) for index, item in enumerate(body.outcomes)]
        return service.record_outcomes(outcomes, undated, time)

    return await _record(app_state, record)


async def _record(app_state: AppState, record: Callable[[IntakeService], Sequence[IntakeResult]]) -> Response:
    def run() -> Sequence[IntakeResult]:
        log = open_decisions(app_state.home, app_state.online_store)
        return record(IntakeService(log, app_state.consent_gate.ledger))

    results = await run_in_decision_thread(app_state, run)
    counts = Counter(result.status for result in results)
    items = [{"status": result.status, "reason": result.reason} for result in results]
    totals = {status: counts[status] for status in ("accepted", "repeated", "refused")}
    return no_store(orjson.dumps({**totals, "items": items}))


def _to_exposure(item: ExposureItem, zone: ZoneInfo) -> Exposure:
    return Exposure(decision_id=item.decision_id, state=item.state, at=resolve_instant(item.at, zone), cost=item.cost)


def _to_outcome(item: OutcomeItem, time: DecisionTime, id_case: IdCase, index: int) -> OutcomeEvent:
    """The outcome of an item; of two undated items in a call the later one was recorded a microsecond later."""
    recorded_at = item.recorded_at
    return OutcomeEvent(
        outcome_id=item.outcome_id,
        kind=item.kind,
        happened_at=resolve_instant(item.happened_at, time.zone),
        recorded_at=time.machine_now + index if recorded_at is None else resolve_instant(recorded_at, time.zone),
        customer_id=None if item.customer_id is None else canonical_id(item.customer_id, id_case),
        decision_id=item.decision_id,
        value=item.value,
    )
