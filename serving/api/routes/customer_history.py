"""Customer history route: what one customer ordered, month by month."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from features.errors import FlywheelError
from serving.api import openapi
from serving.api.auth_middleware import actor, caller
from serving.api.caching import no_store
from serving.api.dependencies import app_state_of, run_in_thread
from serving.api.request_parsing import visible_customer_id
from serving.api.routing import CUSTOMER_PATH, router
from serving.auth.route_access import requires
from serving.auth.scopes import KeyScope
from serving.customers.customer_history import CustomerHistoryReader, ReadFigures
from serving.customers.order_months import history_figures
from serving.observability.audit_log import HISTORY_READ
from serving.observability.json_logs import log_error
from serving.problems import RETRY_AFTER, Problem
from serving.schemas.customer_history import CustomerHistory

if TYPE_CHECKING:
    from serving.api.app_state import AppState

ROUTER = router()


@ROUTER.get(
    f"{CUSTOMER_PATH}/history",
    dependencies=[requires(KeyScope.VIEW)],
    responses=openapi.success_and_problem_responses(CustomerHistory, 401, 403, 422, 429, 503),
    openapi_extra={"parameters": [openapi.CUSTOMER_ID_PARAMETER]},
)
async def get_history(request: Request) -> Response:
    """Orders of one customer by month, with spend and categories; each reading adds an audit line."""
    customer_id = visible_customer_id(request)
    await app_state_of(request).rate_limits.count_customers(caller(request), 1)
    history = await customer_history(request, customer_id, history_figures)
    return no_store(history.model_dump_json(exclude_unset=True).encode())


async def customer_history(request: Request, customer_id: str, figures: ReadFigures) -> CustomerHistory:
    """The history of a customer, with these figures, for the caller of a request; the reading adds an audit line.

    Raises:
        Problem: 503 where the line cannot be written.
    """
    app_state = app_state_of(request)
    ledger, canonical_id, asked_by = app_state.consent_gate.ledger, app_state.canonical_ids, actor(request)
    machine_now, now = app_state.machine_now(), app_state.now()
    active = app_state.release_loader.current
    currency = None if active is None else active.release.metadata.currency

    def read() -> CustomerHistory:
        reader = CustomerHistoryReader(app_state.lines_by_customer, ledger, canonical_id)
        history = reader.read(customer_id, now, currency, figures)
        pseudonym = app_state.audit_log.pseudonym(canonical_id(customer_id))
        app_state.audit_log.append(HISTORY_READ, asked_by, machine_now, customer=pseudonym)
        return history

    return await run_in_thread(app_state, read, _to_problem, None)


def _to_problem(app_state: AppState, error: FlywheelError) -> Problem:
    log_error(app_state.log, "history not read", error)
    return Problem(503, "The customer's history cannot be read just now. Try again soon.", headers=RETRY_AFTER)
