"""Privacy routes: the consents of a customer, and the erasure of a customer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from features.canonical_form import canonical_id
from features.errors import FlywheelError
from serving.api import openapi
from serving.api.auth_middleware import actor
from serving.api.caching import no_store
from serving.api.dependencies import app_state_of, run_in_thread
from serving.api.request_parsing import read_json_as, visible_customer_id
from serving.api.routing import CUSTOMER_PATH, router
from serving.auth.route_access import requires
from serving.auth.scopes import KeyScope
from serving.observability.audit_log import CONSENT_READ
from serving.observability.json_logs import log_error
from serving.privacy.consents import consent_state, pending_changes
from serving.privacy.erasure import FINISHED, erase_customer, erasure_executor, erasure_line
from serving.problems import RETRY_AFTER, Problem
from serving.schemas.privacy import ConsentChanges, ConsentsResponse, ErasureReport

if TYPE_CHECKING:
    from serving.api.app_state import AppState


ROUTER = router()
_CONSENTS_PATH = f"{CUSTOMER_PATH}/consents"


@ROUTER.get(
    _CONSENTS_PATH,
    dependencies=[requires(KeyScope.CONSENT)],
    responses=openapi.success_and_problem_responses(ConsentsResponse, 401, 403, 422, 503),
    openapi_extra={"parameters": [openapi.CUSTOMER_ID_PARAMETER]},
)
async def get_consents(request: Request) -> Response:
    """The consents of one customer, and the permissions that follow from them."""
    return _json_response(await read_consents(request, visible_customer_id(request)))


@ROUTER.put(
    _CONSENTS_PATH,
    dependencies=[requires(KeyScope.CONSENT)],
    responses=openapi.success_and_problem_responses(ConsentsResponse, 400, 401, 403, 408, 409, 413, 415, 422, 503),
    openapi_extra={"parameters": [openapi.CUSTOMER_ID_PARAMETER], **openapi.request_body(ConsentChanges)},
)
async def put_consents(request: Request) -> Response:
    """Change the consents of one customer, idempotent; the change applies from the next request on."""
    customer_id = visible_customer_id(request)
    return _json_response(await change_consents(request, customer_id, await read_json_as(request, ConsentChanges)))


@ROUTER.delete(
    CUSTOMER_PATH,
    dependencies=[requires(KeyScope.ADMIN)],
    responses={
        **openapi.success_and_problem_responses(ErasureReport, 401, 403, 422, 503),
        202: {"model": ErasureReport, "description": "The current writer of the home removes the rest when it ends."},
    },
    openapi_extra={"parameters": [openapi.CUSTOMER_ID_PARAMETER]},
)
async def delete_customer(request: Request) -> Response:
    """Erase one customer: no prediction from now on; the response counts the deleted rows of each table."""
    report = await erase(request, visible_customer_id(request))
    return Response(orjson.dumps(report), 200 if report["status"] == FINISHED else 202, media_type="application/json")


async def read_consents(request: Request, customer_id: str) -> dict[str, Any]:
    """The fields of ConsentsResponse for a customer; the reading adds an audit line.

    Raises:
        Problem: 503 where the consents cannot be read, or the line not be written.
    """
    app_state, caller = app_state_of(request), actor(request)
    machine_now, now = app_state.machine_now(), app_state.now()

    def read() -> dict[str, Any]:
        state = consent_state(app_state.consent_gate.ledger, customer_id, now)
        app_state.audit_log.append(CONSENT_READ, caller, machine_now, customer=_pseudonym(app_state, customer_id))
        return state

    return await run_in_thread(app_state, read, _to_problem, None)


async def change_consents(request: Request, customer_id: str, changes: ConsentChanges) -> dict[str, Any]:
    """The fields of ConsentsResponse after changes, which are audited.

    Raises:
        Problem: 409 for an erased customer, 422 for a change that cannot be, 503 where nothing can be written.
    """
    app_state, caller = app_state_of(request), actor(request)
    ledger = app_state.consent_gate.ledger
    machine_now, now, zone = app_state.machine_now(), app_state.now(), app_state.zone

    def write() -> dict[str, Any]:
        pending = pending_changes(ledger, customer_id, changes, machine_now, zone)
        pending.record(ledger, app_state.audit_log, caller)
        return consent_state(ledger, customer_id, now)

    return await run_in_thread(app_state, write, _to_problem, None)


async def erase(request: Request, customer_id: str) -> dict[str, Any]:
    """The fields of ErasureReport for a customer, who is erased, with an audit line.

    Raises:
        Problem: 503 where the ledger cannot be written.
    """
    app_state, caller = app_state_of(request), actor(request)
    now = app_state.machine_now()

    def run() -> dict[str, Any]:
        ledger = app_state.consent_gate.ledger
        append = erasure_line(app_state.audit_log, ledger, customer_id, caller, now)
        return erase_customer(app_state.home, app_state.online_store, ledger, customer_id, append).to_report()

    return await run_in_thread(app_state, run, _to_problem, erasure_executor())


def _pseudonym(app_state: AppState, customer_id: str) -> str:
    """The pseudonym of a customer in the audit log, the same for every spelling of the id."""
    return app_state.audit_log.pseudonym(canonical_id(customer_id, app_state.consent_gate.ledger.id_case()))


def _to_problem(app_state: AppState, error: FlywheelError) -> Problem:
    log_error(app_state.log, "privacy request failed", error)
    return Problem(
        503, "The customer's records cannot be written or read just now. Try again soon.", headers=RETRY_AFTER
    )


def _json_response(content: object) -> Response:
    return no_store(orjson.dumps(content))
