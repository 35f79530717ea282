"""Reminder route: how many customers are due to be reminded in a period, by day and category."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from serving.api import openapi
from serving.api.audience_work import run_in_audience_thread
from serving.api.auth_middleware import caller
from serving.api.caching import no_store
from serving.api.dependencies import app_state_of
from serving.api.request_parsing import read_query_as
from serving.api.routing import router
from serving.auth.route_access import requires
from serving.auth.scopes import KeyScope, allows
from serving.reminders.reminder_service import ReminderService
from serving.schemas.reminders import ReminderQuery, RemindersResponse

ROUTER = router()


@ROUTER.get(
    "/v1/reminders",
    dependencies=[requires(KeyScope.AUDIENCE)],
    responses=openapi.success_and_problem_responses(RemindersResponse, 401, 403, 422, 503),
    openapi_extra={"parameters": openapi.query_parameters(ReminderQuery)},
)
async def get_reminders(request: Request) -> Response:
    """Customers who are due, by day or category, with their expected spend; each row has the filter of its members."""
    answer = await reminders(request, read_query_as(request, ReminderQuery))
    return no_store(answer.model_dump_json(by_alias=True).encode())


async def reminders(request: Request, query: ReminderQuery) -> RemindersResponse:
    """The reminders of a query for the caller of a request.

    Raises:
        Problem: 422 for a query that does not fit the table, 503 where there are no scores.
    """
    app_state, is_admin = app_state_of(request), allows(caller(request).scopes, KeyScope.ADMIN)
    service = ReminderService(app_state.home, app_state.consent_gate.ledger, app_state.audience_service)
    now, machine_now = app_state.now(), app_state.machine_now()
    return await run_in_audience_thread(
        app_state, lambda: service.reminders(query, now, machine_now, is_admin=is_admin)
    )
