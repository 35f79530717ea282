"""The routes about one customer's rights: what they agreed to, and to be forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from features.errors import FlywheelError
from serving.api import openapi
from serving.api.caching import fleeting
from serving.api.dependencies import attempt, worker_of
from serving.api.request_parsing import read
from serving.auth.api_keys import actor
from serving.observability.audit_log import CONSENT, ERASURE
from serving.observability.json_logs import report
from serving.privacy.consents import ConsentChanges, ConsentsAnswer, news, told
from serving.privacy.erasure import FINISHED, ErasureReport, forget, threads
from serving.problems import SOON, Problem
from serving.schemas.predictions import LONGEST_ID, FieldProblem

if TYPE_CHECKING:
    from serving.api.app_state import Worker


async def get_consents(request: Request) -> Response:
    """What one customer agreed to, and what follows from it."""
    worker, customer_id = worker_of(request), customer_in(request)
    now = worker.now()
    return _json(await attempt(worker, lambda: told(worker.permission.ledger, customer_id, now), _told, None))


async def put_consents(request: Request) -> Response:
    """What one customer says now; to say it again changes nothing. It counts from the very next call on."""
    worker, customer_id = worker_of(request), customer_in(request)
    said = await read(request, ConsentChanges)
    ledger, by = worker.permission.ledger, actor(request)
    now, zone = worker.now(), worker.zone

    def write() -> dict[str, Any]:
        new = news(ledger, customer_id, said, now, zone)
        if new:
            worker.audit.note(CONSENT, by, now, customer=worker.audit.of(customer_id), consents=new.facts())
            new.record(ledger)
        return told(ledger, customer_id, now)

    return _json(await attempt(worker, write, _told, None))


async def delete_customer(request: Request) -> Response:
    """Forget one customer: nothing is said of them from now on, and the answer says what was removed where."""
    worker, customer_id, by = worker_of(request), customer_in(request), actor(request)
    now = worker.now()

    def erase() -> dict[str, Any]:
        worker.audit.note(ERASURE, by, now, customer=worker.audit.of(customer_id))
        return forget(worker.home, worker.online, worker.permission.ledger, customer_id).report()

    report = await attempt(worker, erase, _told, threads())
    return Response(orjson.dumps(report), 200 if report["status"] == FINISHED else 202, media_type="application/json")


def add_routes(app: FastAPI) -> None:
    """Let the application answer them."""
    path = "/v1/customers/{customer_id:text}/consents"
    app.add_api_route(
        path,
        get_consents,
        responses=openapi.answers(ConsentsAnswer, 401, 403, 422, 503),
        openapi_extra={"parameters": [openapi.CUSTOMER_ID]},
    )
    app.add_api_route(
        path,
        put_consents,
        methods=["PUT"],
        responses=openapi.answers(ConsentsAnswer, 400, 401, 403, 408, 409, 413, 415, 422, 503),
        openapi_extra={"parameters": [openapi.CUSTOMER_ID], **openapi.body_of(ConsentChanges)},
    )
    app.add_api_route(
        "/v1/customers/{customer_id:text}",
        delete_customer,
        methods=["DELETE"],
        responses={
            **openapi.answers(ErasureReport, 401, 403, 422, 503),
            202: {"model": ErasureReport, "description": "Another writer takes the rest away when it ends."},
        },
        openapi_extra={"parameters": [openapi.CUSTOMER_ID]},
    )


def customer_in(request: Request) -> str:
    """The id in the path; raises Problem for one that no log has."""
    customer_id: str = request.path_params["customer_id"]
    if not 1 <= len(customer_id) <= LONGEST_ID:
        reason = f"Found {len(customer_id)} characters; expected an id of 1 to {LONGEST_ID}."
        raise Problem(422, reason, [FieldProblem(field="customer_id", reason=reason)])
    return customer_id


def _told(worker: Worker, error: FlywheelError) -> Problem:
    report(worker.log, "rights not served", error)
    return Problem(503, "This cannot be written or read just now. Try again soon.", headers=SOON)


def _json(content: object) -> Response:
    return fleeting(orjson.dumps(content))
