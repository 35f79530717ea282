"""What was asked? A body or a query, read within limits and checked, or a Problem that says what is wrong."""

from __future__ import annotations

import asyncio
from email.message import Message
from functools import lru_cache
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect, Request

from serving.problems import DETAILS, Problem, invalid
from serving.schemas.predictions import Question

LARGEST_BODY = 2 * 2**20  # a thousand of the longest ids, each character escaped
_PATIENCE_SECONDS = 10
Form = TypeVar("Form", bound=BaseModel)


async def question(request: Request) -> Question:
    """The question in the body of a POST; raises Problem."""
    return await read(request, Question)


async def read(request: Request, form: type[Form]) -> Form:
    """The JSON in the body of a request, as the form that it has to have; raises Problem."""
    return checked(await json_body(request), form)


async def json_body(request: Request) -> bytes:
    """The body of a request that says it is JSON; raises Problem."""
    _refuse_other_media(request)
    return await _body(request)


def question_about(customer_id: str, request: Request) -> Question:
    """The question in the path and query of a GET; raises Problem."""
    asked: dict[str, object] = {"customer_ids": [customer_id]}
    if "as_of" in request.query_params:
        asked["as_of"] = request.query_params["as_of"]
    if "include" in request.query_params:
        asked["include"] = ",".join(request.query_params.getlist("include")).split(",")
    try:
        return Question.model_validate(asked)
    except ValidationError as error:
        found = error.errors(include_url=False)
    for one in found:
        if one["loc"] == ("customer_ids", 0):
            one["loc"] = ("customer_id",)
    raise invalid(found, Question)


def checked(body: bytes, form: type[Form]) -> Form:
    """The JSON as the form that it has to have; raises Problem."""
    try:
        return form.model_validate_json(body)
    except ValidationError as error:
        found = error.errors(include_url=False)
    if found[0]["type"] == "json_invalid":
        raise Problem(400, f"{DETAILS[400]} {found[0]['msg']}.")
    raise invalid(found, form)


def _refuse_other_media(request: Request) -> None:
    media = _media(request.headers.get("content-type", "application/json"))
    if media != "application/json" and not media.endswith("+json"):
        raise Problem(415, f"Found the media type {media}. {DETAILS[415]}")


@lru_cache(maxsize=64)
def _media(content_type: str) -> str:
    declared = Message()
    declared["content-type"] = content_type
    return declared.get_content_type()


async def _body(request: Request) -> bytes:
    if int(request.headers.get("content-length", "0")) > LARGEST_BODY:
        raise _too_large()
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return await _collected(request)
    except TimeoutError:
        raise Problem(408, DETAILS[408], headers={"Connection": "close"}) from None
    except ClientDisconnect:
        raise Problem(400, "The connection closed before the body was complete.") from None


async def _collected(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise _too_large()
    return bytes(body)


def _too_large() -> Problem:
    detail = f"Found more than the {LARGEST_BODY:,} bytes allowed. {DETAILS[413]}"
    return Problem(413, detail, headers={"Connection": "close"})
