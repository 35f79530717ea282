"""The routes about one customer's rights: what they agreed to, and to be forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from features.errors import FlywheelError
from serving.api import openapi
from serving.api.caching import no_store
from serving.api.dependencies import app_state_of, run_in_thread
from serving.api.request_parsing import read_json_as
from serving.auth.api_keys import actor
from serving.observability.audit_log import CONSENT, ERASURE
from serving.observability.json_logs import log_error
from serving.privacy.consents import ConsentChanges, ConsentsResponse, consent_state, pending_changes
from serving.privacy.erasure import FINISHED, ErasureReport, erase_customer, erasure_executor
from serving.problems import RETRY_AFTER, Problem
from serving.schemas.predictions import MAX_ID_LENGTH, FieldProblem

if TYPE_CHECKING:
    from serving.api.app_state import AppState


async def get_consents(request: Request) -> Response:
    """What one customer agreed to, and what follows from it."""
    worker, customer_id = app_state_of(request), path_customer_id(request)
    now = worker.now()
    return _json_response(
        await run_in_thread(
            worker, lambda: consent_state(worker.consent_gate.ledger, customer_id, now), _to_problem, None
        )
    )


async def put_consents(request: Request) -> Response:
    """What one customer says now; to say it again changes nothing. It counts from the very next call on."""
    worker, customer_id = app_state_of(request), path_customer_id(request)
    said = await read_json_as(request, ConsentChanges)
    ledger, by = worker.consent_gate.ledger, actor(request)
    now, zone = worker.now(), worker.zone

    def write() -> dict[str, Any]:
        new = pending_changes(ledger, customer_id, said, now, zone)
        if new:
            worker.audit_log.append(
                CONSENT, by, now, customer=worker.audit_log.pseudonym(customer_id), consents=new.audit_fields()
            )
            new.record(ledger)
        return consent_state(ledger, customer_id, now)

    return _json_response(await run_in_thread(worker, write, _to_problem, None))


async def delete_customer(request: Request) -> Response:
    """Forget one customer: nothing is said of them from now on, and the answer says what was removed where."""
    worker, customer_id, by = app_state_of(request), path_customer_id(request), actor(request)
    now = worker.now()

    def erase() -> dict[str, Any]:
        worker.audit_log.append(ERASURE, by, now, customer=worker.audit_log.pseudonym(customer_id))
        return erase_customer(worker.home, worker.online_store, worker.consent_gate.ledger, customer_id).to_report()

    report = await run_in_thread(worker, erase, _to_problem, erasure_executor())
    return Response(orjson.dumps(report), 200 if report["status"] == FINISHED else 202, media_type="application/json")


def add_routes(app: FastAPI) -> None:
    """Let the application answer them."""
    path = "/v1/customers/{customer_id:text}/consents"
    app.add_api_route(
        path,
        get_consents,
        responses=openapi.success_and_problem_responses(ConsentsResponse, 401, 403, 422, 503),
        openapi_extra={"parameters": [openapi.CUSTOMER_ID_PARAMETER]},
    )
    app.add_api_route(
        path,
        put_consents,
        methods=["PUT"],
        responses=openapi.success_and_problem_responses(ConsentsResponse, 400, 401, 403, 408, 409, 413, 415, 422, 503),
        openapi_extra={"parameters": [openapi.CUSTOMER_ID_PARAMETER], **openapi.request_body(ConsentChanges)},
    )
    app.add_api_route(
        "/v1/customers/{customer_id:text}",
        delete_customer,
        methods=["DELETE"],
        responses={
            **openapi.success_and_problem_responses(ErasureReport, 401, 403, 422, 503),
            202: {"model": ErasureReport, "description": "Another writer takes the rest away when it ends."},
        },
        openapi_extra={"parameters": [openapi.CUSTOMER_ID_PARAMETER]},
    )


def path_customer_id(request: Request) -> str:
    """The id in the path; raises Problem for one that no log has."""
    customer_id: str = request.path_params["customer_id"]
    if not 1 <= len(customer_id) <= MAX_ID_LENGTH:
        reason = f"Found {len(customer_id)} characters; expected an id of 1 to {MAX_ID_LENGTH}."
        raise Problem(422, reason, [FieldProblem(field="customer_id", reason=reason)])
    return customer_id


def _to_problem(app_state: AppState, error: FlywheelError) -> Problem:
    log_error(app_state.log, "rights not served", error)
    return Problem(503, "This cannot be written or read just now. Try again soon.", headers=RETRY_AFTER)


def _json_response(content: object) -> Response:
    return no_store(orjson.dumps(content))
