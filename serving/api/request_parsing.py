"""Request parsing: reads bodies and queries within limits and validates them; a fault becomes a Problem."""

from __future__ import annotations

import asyncio
from difflib import get_close_matches
from email.message import Message
from functools import lru_cache
from typing import TypeVar
from urllib.parse import unquote_to_bytes

from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect, Request

from features.canonical_form import canonical_id
from serving.invalid_fields import MAX_LISTED_FIELDS, invalid_fields_summary
from serving.problems import DETAILS, Problem, validation_problem
from serving.schemas.predictions import FieldProblem, PredictionRequest

MAX_BODY_BYTES = 2 * 2**20  # a thousand ids of 256 characters, each character escaped
MAX_FORM_BYTES = 4096
FORM_TYPE = "application/x-www-form-urlencoded"
BODY_TIMEOUT_SECONDS = 10
PREDICTION_PARAMETERS = ("as_of", "include", "curve")
_FLAGS = {"true": True, "false": False}
Schema = TypeVar("Schema", bound=BaseModel)


async def prediction_request(request: Request) -> PredictionRequest:
    """The prediction request in the body of a POST.

    Raises:
        Problem: as ``read_json_as``.
    """
    return await read_json_as(request, PredictionRequest)


async def read_json_as(request: Request, schema: type[Schema]) -> Schema:
    """The JSON body of a request, validated by a schema.

    Raises:
        Problem: as ``json_body`` and ``validate_json``.
    """
    return validate_json(await json_body(request), schema)


async def json_body(request: Request) -> bytes:
    """The body of a request whose media type is JSON.

    Raises:
        Problem: 415 for another media type, 413 for a body over MAX_BODY_BYTES, 408 for one that arrives too slowly.
    """
    _require_json(request)
    return await _read_body(request, MAX_BODY_BYTES)


async def form_body(request: Request, max_bytes: int = MAX_FORM_BYTES) -> bytes:
    """The body of a request that is a submitted form.

    Raises:
        Problem: 415 for another media type, 413 for a body over ``max_bytes``, 408 for one that arrives too slowly.
    """
    if _media_type(request.headers.get("content-type", "")) != FORM_TYPE:
        raise Problem(415, f"Found another media type than a form's; expected {FORM_TYPE}.")
    return await _read_body(request, max_bytes)


def path_customer_id(request: Request) -> str:
    """The customer id in the path, as the caller wrote it.

    Raises:
        Problem: 422 for an id that is no UTF-8.
    """
    customer_id: str = request.path_params["customer_id"]
    raw_path: bytes | None = request.scope.get("raw_path")
    try:
        unquote_to_bytes(raw_path or b"").decode()
    except UnicodeDecodeError:
        raise _invalid_id("Found bytes that are not UTF-8; expected an id in UTF-8, percent-encoded.") from None
    return customer_id


def visible_customer_id(request: Request) -> str:
    """The customer id in the path of a request that writes or reads something under it.

    Raises:
        Problem: as ``path_customer_id``, and for an id without a visible character, which is nobody's.
    """
    customer_id = path_customer_id(request)
    if not canonical_id(customer_id):
        raise _invalid_id(f"Found {customer_id!a}; expected an id with a visible character.")
    return customer_id


def prediction_request_from_query(request: Request) -> PredictionRequest:
    """The prediction request in the path and query of a GET.

    Raises:
        Problem: 422 for a parameter that is misspelt or not as expected.
    """
    _refuse_misspelt_parameters(request)
    payload: dict[str, object] = {"customer_ids": [path_customer_id(request)]}
    if "as_of" in request.query_params:
        payload["as_of"] = request.query_params["as_of"]
    if "include" in request.query_params:
        names = ",".join(request.query_params.getlist("include"))
        payload["include"] = names.split(",") if names else []  # an empty parameter is an empty list
    if "curve" in request.query_params:
        payload["curve"] = _FLAGS.get(request.query_params["curve"], request.query_params["curve"])
    try:
        return PredictionRequest.model_validate(payload)
    except ValidationError as error:
        faults = error.errors(include_url=False)
    for fault in faults:
        if fault["loc"] == ("customer_ids", 0):
            fault["loc"] = ("customer_id",)
    raise validation_problem(faults, PredictionRequest)


def _refuse_misspelt_parameters(request: Request) -> None:
    """Refuse ``asof``, which would answer for today in silence; what callers append for others is ignored."""
    faults = [
        FieldProblem(field=name, reason=f"Found an unknown parameter; expected {close[0]}. Correct or leave it out.")
        for name in sorted({*request.query_params} - {*PREDICTION_PARAMETERS})
        if (close := get_close_matches(name.lower()[:20], PREDICTION_PARAMETERS, n=1, cutoff=0.8))
    ]
    if faults:
        raise Problem(422, invalid_fields_summary(len(faults)), faults[:MAX_LISTED_FIELDS])


def read_query_as(request: Request, schema: type[Schema]) -> Schema:
    """The query of a request, validated by a schema.

    Raises:
        Problem: 422 for a parameter that is not as expected.
    """
    try:
        return schema.model_validate(dict(request.query_params))
    except ValidationError as error:
        faults = error.errors(include_url=False)
    raise validation_problem(faults, schema)


def validate_json(body: bytes, schema: type[Schema]) -> Schema:
    """JSON text validated by a schema.

    Raises:
        Problem: 400 for text that is not JSON, 422 for fields that are not as expected.
    """
    try:
        return schema.model_validate_json(body)
    except ValidationError as error:
        faults = error.errors(include_url=False)
    if faults[0]["type"] == "json_invalid":
        raise Problem(400, f"{DETAILS[400]} {faults[0]['msg']}.")
    raise validation_problem(faults, schema)


def _invalid_id(reason: str) -> Problem:
    return Problem(422, reason, [FieldProblem(field="customer_id", reason=reason)])


def _require_json(request: Request) -> None:
    if "content-type" not in request.headers:  # a browser sends such a body for a page of another site unasked
        raise Problem(415, f"Found no media type. {DETAILS[415]}")
    media = _media_type(request.headers["content-type"])
    if media != "application/json" and not media.endswith("+json"):
        raise Problem(415, f"Found the media type {media}. {DETAILS[415]}")


@lru_cache(maxsize=64)
def _media_type(content_type: str) -> str:
    header = Message()
    header["content-type"] = content_type
    return header.get_content_type()


async def _read_body(request: Request, max_bytes: int) -> bytes:
    if int(request.headers.get("content-length", "0")) > max_bytes:
        raise _body_too_large(max_bytes)
    try:
        async with asyncio.timeout(BODY_TIMEOUT_SECONDS):
            return await _read_chunks(request, max_bytes)
    except TimeoutError:
        raise Problem(408, DETAILS[408], headers={"Connection": "close"}) from None
    except ClientDisconnect:
        raise Problem(400, "The connection closed before the body was complete.") from None


async def _read_chunks(request: Request, max_bytes: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > max_bytes:
            raise _body_too_large(max_bytes)
    return bytes(body)


def _body_too_large(max_bytes: int) -> Problem:
    detail = f"Found more than the {max_bytes:,} bytes allowed. {DETAILS[413]}"
    return Problem(413, detail, headers={"Connection": "close"})
