"""Column route: the columns that a filter may use, what they mean, and the values that customers have."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from serving.api import openapi
from serving.api.audience_work import export_context, run_in_audience_thread
from serving.api.caching import no_store
from serving.api.dependencies import app_state_of
from serving.api.request_parsing import read_query_as
from serving.api.routing import router
from serving.audiences.audience_service import SAMPLE_FORMAT
from serving.audiences.distribution_schema import ColumnsResponse
from serving.auth.route_access import requires
from serving.auth.scopes import KeyScope
from serving.schemas.base import StrictModel

ROUTER = router()


class ColumnsQuery(StrictModel):
    """Whose values are counted, and of which columns."""

    purpose: str = Field(default="marketing", description="The purpose for which the customers may be approached.")
    channel: str | None = Field(default=None, description="Compared without case and outer blanks. Default: any.")
    columns: Annotated[str, Field(max_length=10_000)] = Field(
        default="", description="Names, separated by commas. Default: all columns."
    )


@ROUTER.get(
    "/v1/columns",
    dependencies=[requires(KeyScope.AUDIENCE)],
    responses=openapi.success_and_problem_responses(ColumnsResponse, 401, 403, 422, 503),
    openapi_extra={"parameters": openapi.query_parameters(ColumnsQuery)},
)
async def get_columns(request: Request) -> Response:
    """Columns of the scores table: meaning, type, and the range or the values with their customers."""
    app_state, query = app_state_of(request), read_query_as(request, ColumnsQuery)
    asked, service = export_context(request, SAMPLE_FORMAT), app_state.audience_service.columns
    names = {name.strip() for name in query.columns.split(",")} - {""}
    answer = await run_in_audience_thread(
        app_state,
        lambda: service.describe(query.purpose, query.channel, names, asked.now, is_admin=asked.is_admin),
    )
    return no_store(answer.model_dump_json().encode())
