"""Problem details (RFC 9457): every error of the service as one JSON form."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, get_args

import orjson
from pydantic import BaseModel
from pydantic_core import ErrorDetails
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from features.validation_errors import expected_json_text, found_text, json_text, message
from serving.invalid_fields import MAX_LISTED_FIELDS, invalid_fields_summary
from serving.schemas.predictions import FieldProblem

MEDIA_TYPE = "application/problem+json"
# Python 3.11 knows these by the names they had before RFC 9110.
_TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}

RETRY_AFTER = {"Retry-After": "1"}  # seconds
DETAILS = {
    400: "The body is not JSON.",
    401: "Found no valid API key; expected one as Authorization: Bearer or X-API-Key.",
    403: "The key lacks the scope that this route needs; detail names it.",
    404: "There is no such route. The routes are in /openapi.json.",
    405: "This route has other methods; they are in the Allow header.",
    408: "The body did not arrive in time. Send it again.",
    409: "The change does not fit what is stored; detail says why.",
    413: "The body is too large. Ask for fewer customers at a time.",
    415: "The body has another media type. Send Content-Type: application/json.",
    421: "The service has another host than Host names.",
    422: "The request is not as expected; errors names the fields.",
    429: "Too many requests wait already. Try again after Retry-After seconds.",
    431: "The request line and the headers have more than the 65,536 bytes allowed. Send fewer or shorter headers.",
    500: "An unexpected error; the log has it under the X-Request-ID of this response.",
    503: "No release is ready to answer yet. If no release is promoted yet, run `flywheel run`; else try again after "
    "Retry-After seconds.",
    507: "There is no room for another stored audience. Delete one: DELETE /v1/audiences/{id}.",
}


def retry_after(seconds: float) -> dict[str, str]:
    """The header ``Retry-After`` with whole seconds, at least one."""
    return {"Retry-After": str(max(1, math.ceil(seconds)))}


class Problem(Exception):
    """Problem: the error of a request, with a status, a detail and the invalid fields."""

    def __init__(
        self,
        status: int,
        detail: str,
        errors: Sequence[FieldProblem] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = errors
        self.headers = headers

    def response(self) -> Response:
        """The problem as an HTTP response."""
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": _TITLES.get(self.status) or HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
        }
        if self.errors:
            body["errors"] = [{"field": error.field, "reason": error.reason} for error in self.errors]
        return Response(orjson.dumps(body), self.status, dict(self.headers or {}), MEDIA_TYPE)


async def to_problem_response(_: Request, error: Exception) -> Response:
    """Exception handler of the application: a Problem or an HTTPException as a response."""
    if isinstance(error, Problem):
        return error.response()
    if isinstance(error, HTTPException):
        return Problem(
            error.status_code, DETAILS.get(error.status_code, error.detail), headers=error.headers
        ).response()
    raise error


def validation_problem(faults: Sequence[ErrorDetails], schema: type[BaseModel]) -> Problem:
    """A 422 for JSON that does not satisfy a schema, with the first twenty invalid fields."""
    errors = [
        FieldProblem(field=_field_path(error["loc"]), reason=_reason(error, schema))
        for error in faults[:MAX_LISTED_FIELDS]
    ]
    return Problem(422, invalid_fields_summary(len(faults)), errors)


def _field_path(location: Iterable[int | str]) -> str:
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in location]
    return "".join(parts).removeprefix(".") or "body"


def _reason(error: ErrorDetails, schema: type[BaseModel]) -> str:
    if error["type"] == "string_type" and error["loc"][:1] == ("customer_ids",):
        return f"Found {json_text(error['input'])}; expected a string, since ids are text: send it in quotes."
    if error["type"] == "extra_forbidden":
        *others, last = _field_names(schema, error["loc"][:-1])
        expected = f"{', '.join(others)} or {last}" if others else last
        return f"Found an unknown field; expected {expected}. Leave it out."
    if error["type"] == "missing":
        return "Found nothing; expected a value. Add it."
    if error["type"] == "value_error":
        return message(error)
    return f"Found {found_text(error, json_text)}; expected {expected_json_text(error)}."


def _field_names(schema: type[BaseModel], path: Sequence[int | str]) -> list[str]:
    """The field names of a schema, or of the part of it at a path."""
    inner = [schema]
    for name in path:
        parts = [model.model_fields[name].annotation for model in inner if name in model.model_fields]
        inner = [model for part in parts for model in _model_types(part)] or inner
    return [name for model in inner for name in model.model_fields]


def _model_types(annotation: Any) -> list[type[BaseModel]]:  # noqa: ANN401 - an annotation may be anything
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _model_types(part)]
